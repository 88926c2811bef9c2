"""For hosts that want our log as data: what they may hang on to handlers of their own. Nothing here touches the host's logging by itself."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any, Final

from ...runtime.envelope import current_ask

# What every record has, by Python's own making; the rest of a record's attributes are its fields.
_USUAL: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class RequestIdFilter(logging.Filter):
    """Gives every record the attribute `request_id`: of the request that is worked on where it was logged, or None.

    A filter of a handler's: `handler.addFilter(legion_llm.RequestIdFilter())`. It lets every record through.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Give the record its id."""
        if not hasattr(record, "request_id"):
            record.request_id = _request_id()
        return True


class JsonLogFormatter(logging.Formatter):
    """Writes a record as one line of JSON: at, level, logger, message, the record's own fields, and the exception if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = {name: value for name, value in vars(record).items() if name not in _USUAL}
        line: dict[str, Any] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in fields.items() if value is not None},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=lambda value: f"<{type(value).__name__}>")


def _request_id() -> str | None:
    ask = current_ask.get()
    request = None if ask is None else getattr(ask.message, "request", None)
    found = getattr(request, "id", None)
    return found if isinstance(found, str) else None
