"""The live view: tables that are asked for anew every moment, and a closer look at what the cursor stands on."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Static, TabbedContent, TabPane

from ...messages.errors import LegionError
from ..cli.inspect import request_lines
from . import tables
from .rates import Rates, rates

# Requests that have ended and are listed.
_LISTED: Final = 100

_TABS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "actors": ("Actors", tables.ACTORS),
    "providers": ("Providers", tables.PROVIDERS),
    "requests": ("Requests", tables.REQUESTS),
    "spend": ("Spend", tables.SPEND),
}


class Top(App[None]):
    """Watches a gateway.

    Args:
        ask: Asks its debug port: `ask("overview")`. It may block, and raise a `LegionError` where there is no answer; one thread calls it at a time.
        interval: Seconds between two looks.
    """

    TITLE = "legion-llm top"
    CSS = """
    #summary { height: 1; padding: 0 1; background: $primary-background; text-style: bold; }
    #trouble { height: auto; padding: 0 1; color: $error; display: none; }
    #trouble.shown { display: block; }
    TabbedContent { height: 1fr; }
    TabPane { padding: 0; }
    DataTable { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("q", "quit", "Quit"),
        ("1", "show('actors')", "Actors"),
        ("2", "show('providers')", "Providers"),
        ("3", "show('requests')", "Requests"),
        ("4", "show('spend')", "Spend"),
        ("enter", "look", "Look closer"),
        ("p", "pause", "Pause"),
        ("r", "refresh", "Refresh"),
    ]

    def __init__(self, ask: Callable[..., Any], *, interval: float = 1.0) -> None:
        super().__init__()
        self._ask = ask
        self._interval = interval
        self._one_at_a_time = threading.Lock()
        self._seen: Mapping[str, Any] | None = None
        self._rates = Rates()
        self._paused = False
        self._looking = False

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Static("asking ...", id="summary", markup=False)
        yield Static(id="trouble", markup=False)
        with TabbedContent(initial="actors"):
            for name, (title, columns) in _TABS.items():
                with TabPane(title, id=name):
                    table: DataTable[Text] = DataTable(id=f"{name}-table", cursor_type="row", zebra_stripes=True)
                    table.add_columns(*columns)
                    yield table
        yield Footer()

    async def on_mount(self) -> None:
        """Begin to look."""
        self.set_interval(self._interval, self._tick)
        self.query_one("#actors-table").focus()
        await self.action_refresh()

    async def on_tabbed_content_tab_activated(self) -> None:
        """Show what the new tab shows at once."""
        await self.action_refresh()

    async def _tick(self) -> None:
        if not self._paused:
            await self.action_refresh()

    async def action_show(self, tab: str) -> None:
        """Change to a tab, and put the cursor into its table."""
        self.query_one(TabbedContent).active = tab
        self.query_one(f"#{tab}-table").focus()

    def action_pause(self) -> None:
        """Look no more, or again."""
        self._paused = not self._paused
        self._say_summary()

    async def action_refresh(self) -> None:
        """Look, unless a look is under way."""
        if self._looking:
            return
        self._looking = True
        try:
            await self._look()
        except LegionError as error:
            self._say_trouble(error.message)
        else:
            self._say_trouble("")
        finally:
            self._looking = False

    async def _look(self) -> None:
        seen = await self._asked("overview")
        self._rates, self._seen = rates(self._seen, seen), seen
        self._say_summary()
        tab = self.query_one(TabbedContent).active
        self._fill(tab, await self._rows_of(tab, seen))

    async def _rows_of(self, tab: str, seen: Mapping[str, Any]) -> list[tables.Row]:
        match tab:
            case "providers":
                return tables.provider_rows(seen)
            case "requests":
                return tables.request_rows(seen["running"], await self._asked("requests", most=_LISTED), seen["at"])
            case "spend":
                return tables.spend_rows(seen)
            case _:
                return tables.actor_rows(seen, self._rates)

    def _fill(self, tab: str, rows: Iterable[tables.Row]) -> None:
        """Show the rows; the cursor stays with what it stood on."""
        table = self.query_one(f"#{tab}-table", DataTable)
        key, top = _key_at_cursor(table), table.scroll_y
        table.clear()
        for row in rows:
            table.add_row(*map(_text, row.cells), key=row.key)
        if key is not None and key in table.rows:
            table.move_cursor(row=table.get_row_index(key), scroll=False)
        table.scroll_to(y=top, animate=False)

    async def action_look(self) -> None:
        """Look closer at what the cursor stands on."""
        tab = self.query_one(TabbedContent).active
        key = _key_at_cursor(self.query_one(f"#{tab}-table", DataTable))
        if key is None or key.startswith("supervisor") or tab == "spend":
            return
        try:
            if tab == "requests":
                lines = list(request_lines(await self._asked("request", id=key)))
            else:
                lines = json.dumps(await self._asked("actor", path=key), indent=2).splitlines()
        except LegionError as error:
            lines = [error.message]
        await self.push_screen(Closer(key, lines))

    async def on_data_table_row_selected(self, _event: DataTable.RowSelected) -> None:
        """Enter in a table, or a click."""
        await self.action_look()

    async def _asked(self, op: str, **args: Any) -> Any:
        def ask() -> Any:
            with self._one_at_a_time:
                return self._ask(op, **args)

        return await asyncio.to_thread(ask)

    def _say_summary(self) -> None:
        said = "asking ..." if self._seen is None else tables.summary(self._seen, self._rates)
        self.query_one("#summary", Static).update(f"{said}{'   PAUSED' if self._paused else ''}")

    def _say_trouble(self, text: str) -> None:
        trouble = self.query_one("#trouble", Static)
        trouble.update(text)
        trouble.set_class(bool(text), "shown")


class Closer(ModalScreen[None]):
    """A closer look at one actor or one request.

    Args:
        title: What it is.
        lines: What there is to see.
    """

    CSS = """
    Closer { align: center middle; }
    #closer { width: 90%; height: 85%; border: round $primary; background: $surface; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,enter", "dismiss", "Back")]

    def __init__(self, title: str, lines: Iterable[str]) -> None:
        super().__init__()
        self._title = title
        self._lines = list(lines)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with VerticalScroll(id="closer") as box:
            box.border_title = self._title
            box.border_subtitle = "escape: back"
            yield Static("\n".join(self._lines), markup=False)

    def on_mount(self) -> None:
        """Let the arrow keys scroll."""
        self.query_one("#closer").focus()


def _key_at_cursor(table: DataTable[Text]) -> str | None:
    if not table.row_count:
        return None
    return table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value


def _text(cell: tables.Cell) -> Text:
    return Text(cell.text, style=cell.style, justify="right" if cell.is_number else "left")
