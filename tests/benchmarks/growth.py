"""Point 9: what a page costs, uncached, as the database fills."""

from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Row

POLICY, VERSIONS, SETTINGS = "/privatuma-politika/", "/privatuma-politika/versijas/", "/sikdatnes/"
RECORDS = 100_000
# What counts as the same: renders of one page differ by as much.
SAME = 1.25


def measure(folder: Path) -> list[Row]:
    """One database that fills."""
    bench = Bench(folder / "growth")
    rows = []
    policy = {}
    for versions in (1, 100, 10_000):
        bench.inside("grow", str(versions), "0", "0")
        policy[versions] = cost(bench, POLICY)
        rows.append(Row(9, f"policy with {versions:,} versions", [policy[versions]], "ms of CPU"))
        if versions <= 100:  # the list shows them all, which takes a second for each few thousand
            rows.append(Row(9, f"list of {versions:,} versions", [cost(bench, VERSIONS)], "ms of CPU"))
    rows.append(Row(9, "policy, 10,000 versions against 1", [policy[10_000] / policy[1]], "", SAME, at_least=False))
    few = cost(bench, SETTINGS)
    bench.inside("grow", "0", "200", "0")
    rows.append(Row(9, "settings with the shipped cookies", [few], "ms of CPU"))
    many, many_policy = cost(bench, SETTINGS), cost(bench, POLICY)
    rows.append(Row(9, "settings with 200 cookies", [many], "ms of CPU"))
    bench.inside("grow", "0", "0", str(RECORDS))
    after = [cost(bench, SETTINGS) / many, cost(bench, POLICY) / many_policy]
    rows.append(Row(9, f"settings and policy, {RECORDS:,} records against none", after, "", SAME, at_least=False))
    return rows


def cost(bench: Bench, path: str) -> float:
    """Milliseconds."""
    milliseconds: float = bench.inside("render", path)["milliseconds"]
    return milliseconds
