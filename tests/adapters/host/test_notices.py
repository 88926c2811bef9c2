from __future__ import annotations

import threading

from legion_llm.adapters.host.notices import MOST_LINES, NoticeBoard


def test_lines_are_kept_in_order():
    board = NoticeBoard(["a"])

    board.announce(["b", "c"])

    assert board.lines == ("a", "b", "c")


def test_no_line_is_lost_between_threads():
    board = NoticeBoard()
    threads = [threading.Thread(target=lambda: [board.announce(["x"]) for _ in range(50)]) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(board.lines) == 400


def test_a_board_that_nobody_reads_does_not_grow_for_ever():
    board = NoticeBoard()

    for number in range(MOST_LINES + 5):
        board.announce([str(number)])

    assert len(board.lines) == MOST_LINES
