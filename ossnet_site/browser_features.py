"""Every feature of a browser that a page can switch off, for the header Permissions-Policy.

What Chromium knows (a test asks it), without two: client hints are asked for, or not, by another header, and unload is
an event that Django's staff pages still listen to.
"""

FEATURES = (
    *("accelerometer", "aria-notify", "autoplay", "browsing-topics", "camera", "captured-surface-control"),
    *("clipboard-read", "clipboard-write", "compute-pressure", "cross-origin-isolated", "deferred-fetch"),
    *("deferred-fetch-minimal", "digital-credentials-create", "digital-credentials-get", "display-capture"),
    *("encrypted-media", "fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "identity-credentials-get"),
    *("idle-detection", "interest-cohort", "keyboard-map", "language-detector", "language-model", "local-fonts"),
    *("local-network", "local-network-access", "loopback-network", "magnetometer"),
    *("media-playback-while-not-visible", "microphone", "midi", "on-device-speech-recognition"),
    *("otp-credentials", "payment", "picture-in-picture", "private-state-token-issuance"),
    *("private-state-token-redemption", "publickey-credentials-create", "publickey-credentials-get"),
    *("screen-wake-lock", "serial", "speaker-selection", "storage-access", "summarizer", "sync-xhr"),
    *("translator", "usb", "window-management", "xr-spatial-tracking"),
)
