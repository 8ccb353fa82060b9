"""The logs page: live lines of all nodes, with filters, follow, pause, copy and save."""

import asyncio
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
)

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.node_log import LogFilter, LogLevel
from ffmate_desktop.gui.base.page import Page, PageContext
from ffmate_desktop.gui.logs.model import LogsModel, line_as_text
from ffmate_desktop.gui.logs.view import LogLinesView
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.widgets.card import card_around
from ffmate_desktop.gui.widgets.choice_button import ChoiceButton
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.plain_text import editor_text
from ffmate_desktop.gui.widgets.search_field import SearchField
from ffmate_desktop.gui.widgets.segments import Segments
from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.services.node_logs import NodeLogService

_SEARCH_DELAY = 200
"""Milliseconds between the last key press and the search."""

_SAVE_PAGE = 2_000
LEVELS = (LogLevel.DEBUG, LogLevel.INFO, LogLevel.WARN, LogLevel.ERROR)


class LogsPage(Page):
    """Reads only while visible; notifications announce new lines."""

    key = "logs"

    def __init__(self, context: PageContext) -> None:
        super().__init__(context)
        self.model = LogsModel(self.bridge)
        self.lines = LogLinesView(self.theme, self.model)
        self._build_header()
        self._build_bar()
        self._build_lines()
        self._connect()
        self._show_state()

    # -- Building ------------------------------------------------------------------------------------------------

    def _build_header(self) -> None:
        hint = self.tr("Search messages")
        self.search = SearchField(self.theme, hint, hint, width=260)
        self.pause = QPushButton()
        self.pause.setCheckable(True)
        self.save = QPushButton(self.tr("Save …"))
        self.save.setToolTip(self.tr("Save all lines that match the filters"))
        self.theme.set_icon(self.save, "save")
        for widget in (self.search, self.pause, self.save):
            self.buttons.addWidget(widget)
        self._search_timer = QTimer(self, singleShot=True, interval=_SEARCH_DELAY)

    def _build_bar(self) -> None:
        titles = [self.tr("Debug"), self.tr("Info"), self.tr("Warnings"), self.tr("Errors")]
        self.levels = Segments(titles, self.tr("Show this level and above"))
        self.levels.choose(LEVELS.index(LogLevel.INFO))
        self.nodes = ChoiceButton(
            self.theme, self.tr("All nodes"), self.tr("{0} nodes").format, self.tr("No node")
        )
        self.topics = ChoiceButton(
            self.theme, self.tr("All topics"), self.tr("{0} topics").format, self.tr("No topic")
        )
        self.copy = QPushButton(self.tr("Copy"))
        self.copy.setProperty("class", "small")
        self.copy.setToolTip(QKeySequence(QKeySequence.StandardKey.Copy).toString())
        self.theme.set_icon(self.copy, "copy", "text_2")
        self.copy.hide()
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(self.levels)
        bar.addWidget(self.nodes)
        bar.addWidget(self.topics)
        bar.addStretch(1)
        bar.addWidget(self.copy)
        self.body.addLayout(bar)

    def _build_lines(self) -> None:
        self._inside = QStackedWidget()
        self._inside.addWidget(self.lines)
        self._nothing = label(self.tr("No lines match these filters."), "lead")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._inside.addWidget(self._nothing)
        self.full_text = QPlainTextEdit()
        self.full_text.setReadOnly(True)
        self.full_text.setProperty("class", "code")
        self.full_text.setFont(fonts.mono(12))
        self.full_text.setFixedHeight(120)
        self.full_text.setAccessibleName(self.tr("Full text of the selected line"))
        self.full_text.hide()
        column = QVBoxLayout()
        column.setSpacing(10)
        column.addWidget(card_around(self._inside), 1)
        column.addWidget(self.full_text)
        self.body.addLayout(column, 1)

    def _connect(self) -> None:
        self._search_timer.timeout.connect(self._apply)
        self.search.textChanged.connect(lambda _text: self._search_timer.start())
        self.search.returnPressed.connect(self._apply)
        self.levels.chosen.connect(lambda _number: self._apply())
        self.nodes.changed.connect(self._apply)
        self.topics.changed.connect(self._apply)
        self.pause.toggled.connect(self._on_pause)
        self.save.clicked.connect(self._choose_file)
        self.copy.clicked.connect(self.lines.copy)
        self.lines.selection_changed.connect(self._show_full_text)
        self.lines.following_changed.connect(lambda _on: self._show_state())
        self.model.replaced.connect(self._show_state)
        self.model.rowsInserted.connect(self._on_inserted)
        self.bridge.anything_changed.connect(self._read_sources)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self.search.setFocus)

    # -- The cluster ---------------------------------------------------------------------------------------------

    def attach(self, services: WindowServices) -> None:
        super().attach(services)
        self.model.attach(services.node_logs)
        self._read_sources()

    def detach(self) -> None:
        super().detach()
        self.model.detach()

    def on_shown(self) -> None:
        self.model.set_active(True)
        self._read_sources()
        self.lines.setFocus()

    def on_hidden(self) -> None:
        self.model.set_active(False)

    def show_node(self, name: str) -> None:
        """Show only the lines of this node."""
        self.nodes.choose(frozenset({name}))

    # -- Filters -------------------------------------------------------------------------------------------------

    @property
    def where(self) -> LogFilter:
        return LogFilter(
            nodes=self.nodes.chosen,
            level=LEVELS[self.levels.current],
            namespaces=self.topics.chosen,
            text=self.search.text().strip(),
        )

    def _apply(self) -> None:
        self._search_timer.stop()
        if self.where != self.model.where:
            self.model.show_filter(self.where)

    def _read_sources(self) -> None:
        services = self.services
        if services is None or not self.is_shown:
            return

        async def read() -> None:
            nodes, topics = await services.node_logs.sources()
            self._set_sources(nodes, topics)

        self.bridge.run_quietly(read(), "reading the log's nodes and topics")

    def _set_sources(self, nodes: list[str], topics: list[str]) -> None:
        self.nodes.set_entries(nodes)
        self.topics.set_entries(topics)
        self.lines.delegate.fit_names(self.nodes.entries)
        self.lines.viewport().update()

    def _on_inserted(self, _parent: object, first: int, last: int) -> None:
        lines = [line for row in range(first, last + 1) if (line := self.model.line_at(row)) is not None]
        nodes, topics = {line.node for line in lines}, {line.namespace for line in lines}
        if nodes - set(self.nodes.entries) or topics - set(self.topics.entries):
            self._set_sources([*self.nodes.entries, *nodes], [*self.topics.entries, *topics])
        self._show_state()

    # -- What is shown -------------------------------------------------------------------------------------------

    def _on_pause(self, paused: bool) -> None:
        self.model.set_paused(paused)
        self._show_state()

    def _show_state(self) -> None:
        paused = self.pause.isChecked()
        self.pause.setText(self.tr("Resume") if paused else self.tr("Pause"))
        self.theme.set_icon(self.pause, "play" if paused else "pause")
        if paused:
            state = self.tr("Paused. New lines appear when you resume.")
        elif self.lines.is_following:
            state = self.tr("Live from every node")
        else:
            state = self.tr("Not following. Scroll to the end to follow again.")
        self.subtitle.setText(state)
        is_empty = self.model.is_known and self.model.rowCount() == 0
        self._inside.setCurrentIndex(1 if is_empty else 0)

    def _show_full_text(self) -> None:
        selected = self.lines.selected_lines()
        self.copy.setVisible(bool(selected))
        is_cut = len(selected) == 1 and self.lines.delegate.is_cut(selected[0], self.lines.viewport().width())
        self.full_text.setPlainText(editor_text(line_as_text(selected[0])) if is_cut else "")
        self.full_text.setVisible(is_cut)

    # -- Saving --------------------------------------------------------------------------------------------------

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Save the log"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile("ffmate-cluster.log")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save_to)
        dialog.open()

    def save_to(self, path: str) -> None:
        """Save all lines that match the filters, oldest first."""
        if self.services is not None:
            work = _save(self.services.node_logs, self.where, Path(path))
            self.bridge.run(work, "saving the log", lambda count: self._show_saved(count, path))

    def _show_saved(self, count: int, path: str) -> None:
        self.message.emit(self.tr("Saved {0} lines.").format(count), path)


async def _save(logs: NodeLogService, where: LogFilter, path: Path) -> int:
    """Save the lines; return how many. Raises UserError if the file can't be written."""
    pages: list[list[str]] = []
    before: int | None = None
    while lines := await logs.page(where, before=before, limit=_SAVE_PAGE):
        pages.append([line_as_text(line) for line in lines])
        before = lines[0].id
    texts = [text for page in reversed(pages) for text in page]
    await asyncio.to_thread(_write, path, "".join(f"{text}\n" for text in texts))
    return len(texts)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = QCoreApplication.translate("LogsPage", "Can't save the log: {0}.").format(error.strerror)
        raise UserError(message, str(path)) from error
