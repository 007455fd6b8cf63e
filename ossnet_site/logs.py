"""What a line of the log says."""

import logging


class OneLineForRefusals(logging.Filter):
    """A refused request is one line: its traceback would say nothing, and a flood of them would fill the disk.

    The line names the route, not the address: a record number in it would lead to a visitor.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, those of refusals without a traceback."""
        if record.levelno < logging.ERROR or record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        request = getattr(record, "request", None)
        match = getattr(request, "resolver_match", None)
        if request is not None and match and isinstance(record.args, tuple):
            record.args = tuple(f"/{match.route}" if part == request.path else part for part in record.args)
        return True
