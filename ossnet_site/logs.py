"""What a line of the log says."""

import logging


class OneLineForRefusals(logging.Filter):
    """A refused request is one line: its traceback would say nothing, and a flood of them would fill the disk."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass; below an error without a traceback."""
        if record.levelno < logging.ERROR:
            record.exc_info = record.exc_text = None
        return True
