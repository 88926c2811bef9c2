"""A system does not survive a fork, and says so; a new one starts in the child."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

PROGRAM = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks in threaded programs, which is the point
from legion_llm.messages.base import Message
from legion_llm.messages.errors import ForkedProcess
from legion_llm.runtime import Actor, ActorSystem, ChildSpec, SupervisorSpec

class Ping(Message[int]): pass
class A(Actor[Ping]):
    def on_ping(self, message: Ping) -> int: return os.getpid()

tree = SupervisorSpec(name="root", children=(ChildSpec(name="a", factory=A),))
system = ActorSystem("parent").start(tree)
address, reply = system.address("a"), system.address("a").request(Ping())
stream_born = reply.get(5)

def refuses(action):
    try:
        action()
    except ForkedProcess as error:
        return "parent only" in str(error)
    return False

child = os.fork()
if not child:
    checks = [
        refuses(lambda: address.request(Ping())),
        refuses(lambda: address.tell(Ping())),
        refuses(lambda: address.offer(Ping())),
        refuses(system.describe),
        refuses(lambda: system.kill("a")),
        refuses(lambda: reply.get(5)),
        refuses(system.check_ready),
        refuses(system.shutdown),
        refuses(lambda: system.inspect("a")),
        refuses(lambda: system.start(tree)),
    ]
    own = ActorSystem("child").start(tree)
    checks.append(own.address("a").request(Ping()).get(5) == os.getpid())
    own.shutdown()
    sys.stdout.flush()
    os._exit(0 if all(checks) else 1)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 0, "in the child"
assert address.request(Ping()).get(5) == os.getpid()
system.shutdown()
"""


def test_a_forked_child_is_refused_and_may_start_its_own():
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=False, capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stderr) == (0, "")


EXITS = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from legion_llm.runtime import ActorSystem, SupervisorSpec
system = ActorSystem("parent").start(SupervisorSpec(name="root"))
child = os.fork()
if not child:
    raise SystemExit(0)  # runs atexit functions: the parent's system must not be waited for
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


def test_a_forked_child_ends_without_waiting_for_threads_it_does_not_have():
    done = subprocess.run([sys.executable, "-c", EXITS], check=False, capture_output=True, text=True, timeout=30)

    assert (done.returncode, done.stderr) == (0, "")


FORGETS = """
import gc, os, signal, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from legion_llm.messages.base import StreamMessage
from legion_llm.messages.errors import ForkedProcess
from legion_llm.runtime import Actor, ActorSystem, ChildSpec, Sink, SupervisorSpec, spawned

class Pour(StreamMessage[int, int]): pass
class A(Actor[Pour]):
    @spawned
    async def on_pour(self, message: Pour, sink: Sink) -> int:
        for number in range(1000): await sink.send(number)
        return 1000

system = ActorSystem("parent").start(SupervisorSpec(name="root", children=(ChildSpec(name="a", factory=A),)))
stream = system.address("a").stream(Pour(), capacity=4)
assert next(stream) == 0
stream._channel._lock.acquire()  # as a thread of the parent may at the very moment of the fork
child = os.fork()
if not child:
    signal.alarm(10)
    refused = False
    try:
        next(stream)
    except ForkedProcess:
        refused = True
    del stream
    gc.collect()
    os._exit(0 if refused else 1)
stream._channel._lock.release()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "in the child"
assert list(stream) == list(range(1, 1000))
system.shutdown()
"""


def test_a_stream_that_a_forked_child_forgets_is_still_the_parents():
    done = subprocess.run([sys.executable, "-c", FORGETS], check=False, capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stderr) == (0, "")
