"""What gateways and workers may expect of any broker."""

from __future__ import annotations

import asyncio

from legion_llm.actors.fleet.port import Published


def test_a_request_reaches_a_worker_that_serves_its_lane(run):
    async def test(broker):
        gateway = await broker.gateway()
        worker = await broker.worker()

        published = await gateway.publish(b"work", workers=["w1"])
        delivery = await worker.next()

        assert published is Published.ACCEPTED
        assert (delivery.body, delivery.is_redelivered) == (b"work", False)

    run(test)


def test_a_lane_that_nobody_serves_is_unroutable(run):
    async def test(broker):
        gateway = await broker.gateway()
        await broker.worker()

        assert await gateway.publish(lane="other", workers=["w1"]) is Published.UNROUTABLE

    run(test)


def test_a_worker_that_serves_no_more_is_given_nothing_more(run):
    async def test(broker):
        gateway = await broker.gateway()
        worker = await broker.worker()

        await worker.link.serve(frozenset())

        assert await gateway.publish(workers=["w1"]) is Published.UNROUTABLE

    run(test)


def test_a_worker_may_serve_other_lanes_later(run):
    async def test(broker):
        gateway = await broker.gateway()
        worker = await broker.worker()

        await worker.link.serve(frozenset({"new"}))

        assert await gateway.publish(lane="new", workers=["w1"]) is Published.ACCEPTED
        assert await gateway.publish(lane="lane", workers=["w1"]) is Published.UNROUTABLE

    run(test)


def test_a_reply_reaches_the_gateway_that_asked_and_no_other(run):
    async def test(broker):
        one, other = await broker.gateway(), await broker.gateway()
        worker = await broker.worker()
        await other.publish(b"other", workers=["w1"])
        await one.publish(b"one", workers=["w1"])

        replied = await worker.link.reply(one.link.reply_lane, "c", b"answer")

        assert replied is Published.ACCEPTED
        assert await one.next() == b"answer"
        assert other.heard.empty()

    run(test)


def test_replies_keep_their_order(run):
    async def test(broker):
        gateway = await broker.gateway()
        worker = await broker.worker()
        await gateway.publish(workers=["w1"])
        await worker.next()

        for number in range(200):
            await worker.link.reply(gateway.link.reply_lane, "c", str(number).encode())

        assert [await gateway.next() for _ in range(200)] == [str(number).encode() for number in range(200)]

    run(test)


def test_a_reply_to_a_gateway_that_is_not_there_is_unroutable(run):
    async def test(broker):
        await broker.gateway()
        worker = await broker.worker()

        assert await worker.link.reply("llm.fleet.reply.0", "c", b"answer") is Published.UNROUTABLE

    run(test)


def test_an_offer_reaches_all_gateways(run):
    async def test(broker):
        one, other = await broker.gateway(), await broker.gateway()
        worker = await broker.worker()

        await worker.link.announce(b"offer")

        assert [await one.next(), await other.next()] == [b"offer", b"offer"]

    run(test)


def test_a_signal_reaches_the_worker_it_is_for(run):
    async def test(broker):
        gateway = await broker.gateway()
        one, other = await broker.worker("w1"), await broker.worker("w2")

        await gateway.link.signal("w2", b"for w2")
        await gateway.link.signal(None, b"for all")

        assert [await other.next_signal(), await other.next_signal()] == [b"for w2", b"for all"]
        assert await one.next_signal() == b"for all"

    run(test)


def test_a_worker_is_given_no_more_at_once_than_it_takes(run):
    async def test(broker):
        gateway = await broker.gateway()
        worker = await broker.worker(concurrency=1)
        for body in (b"1", b"2"):
            assert await gateway.publish(body, workers=["w1"]) is Published.ACCEPTED

        first = await worker.next()
        await worker.link.announce(b"anything")  # the second would have come by then
        await gateway.next()
        assert worker.taken.empty()
        await first.settle()
        await first.settle()

        assert (await worker.next()).body == b"2"

    run(test)


def test_where_too_many_wait_one_more_is_refused(run):
    async def test(broker):
        gateway = await broker.gateway()
        worker = await broker.worker(concurrency=1, backlog=2)
        await gateway.publish(b"0", workers=["w1"])
        await worker.next()

        published = [await gateway.publish(str(number).encode(), workers=["w1"]) for number in range(1, 3)]
        one_more = Published.ACCEPTED
        for number in range(3, 100):  # a queue that is replicated counts a little late
            one_more = await gateway.publish(str(number).encode(), workers=["w1"])
            if one_more is not Published.ACCEPTED:
                break

        assert published == [Published.ACCEPTED, Published.ACCEPTED]
        assert one_more is Published.NACKED

    run(test)


def test_what_a_lost_worker_had_is_given_to_another_with_a_mark_or_not_at_all(run):
    async def test(broker):
        gateway = await broker.gateway()
        lost = await broker.worker("w1")
        await gateway.publish(workers=["w1"])
        await lost.next()
        other = await broker.worker("w2")

        await lost.link.aclose()

        if broker.redelivers:
            assert (await other.next()).is_redelivered
        else:
            assert await gateway.publish(b"2", workers=["w1", "w2"]) is Published.ACCEPTED
            assert (await other.next()).body == b"2"

    run(test)


def test_the_next_worker_is_asked_where_the_first_is_gone_or_full(run):
    async def test(broker):
        gateway = await broker.gateway()
        busy = await broker.worker("w1", concurrency=1, backlog=0)
        free = await broker.worker("w2", concurrency=1, backlog=0)
        await gateway.publish(b"1", workers=["gone", "w1", "w2"])

        assert await gateway.publish(b"2", workers=["gone", "w1", "w2"]) is Published.ACCEPTED
        assert {(await busy.next()).body, (await free.next()).body} == {b"1", b"2"}

    run(test)


def test_of_two_that_are_free_the_one_of_a_higher_rank_is_given_it(run):
    async def test(broker):
        gateway = await broker.gateway()
        await broker.worker("w1")
        fast = await broker.worker("w2", rank=5)

        await gateway.publish(b"work", workers=["w2", "w1"])

        assert (await fast.next()).body == b"work"

    run(test)


def test_large_bodies_pass(run):
    async def test(broker):
        gateway = await broker.gateway()
        worker = await broker.worker()
        body = bytes(4 * 1024 * 1024)

        await gateway.publish(body, workers=["w1"])

        assert (await worker.next()).body == body

    run(test)


def test_many_requests_at_once_each_have_their_own_confirmation(run):
    async def test(broker):
        gateway = await broker.gateway()
        worker = await broker.worker(concurrency=50)
        bodies = [str(number).encode() for number in range(50)]

        published = await asyncio.gather(*[gateway.publish(body, workers=["w1"]) for body in bodies])
        taken = {(await worker.next()).body for _ in bodies}

        assert set(published) == {Published.ACCEPTED}
        assert taken == set(bodies)

    run(test)


def test_both_ends_may_be_closed_twice_and_before_they_were_opened(run):
    async def test(broker):
        gateway = await broker.gateway()
        worker = await broker.worker()
        unopened = broker.gateway_link(), broker.worker_link()

        for link in (gateway.link, worker.link, *unopened):
            await link.aclose()
            await link.aclose()

        assert await gateway.publish(workers=["w1"]) in (Published.FAILED, Published.UNROUTABLE)
        assert not gateway.link.is_connected
        assert not worker.link.is_connected

    run(test)
