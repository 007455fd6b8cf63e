-- Sends the requests that BENCH_REQUESTS holds as JSON-free text: one a line, fields separated by tabs:
-- method, path, headers as name=value joined by \1, body. In turn, from a random one on; prints one line of results.
local requests = {}
local at = 0

function init(args)
    for line in io.lines(os.getenv("BENCH_REQUESTS")) do
        local method, path, joined, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)$")
        local headers = {}
        for name, value in joined:gmatch("([^\1=]+)=([^\1]*)") do
            headers[name] = value
        end
        if body == "" then body = nil end
        requests[#requests + 1] = wrk.format(method, path, headers, body)
    end
    math.randomseed(os.time())
    at = math.random(#requests)
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        "RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
        latency:percentile(99), errors.status, errors.connect + errors.read + errors.write + errors.timeout
    ))
end
