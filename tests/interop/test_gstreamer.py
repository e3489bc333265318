#!/usr/bin/python3
"""GStreamer's webrtcbin (libnice, its own SDP, SRTP and jitter buffers) as a member: publishes and subscribes."""
import asyncio
import re
import threading

import aiohttp
import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402
from ichat import Signaling, User, server, start_call, until  # noqa: E402

Gst.init(None)
PUBLISH = (
    "webrtcbin name=rtc bundle-policy=max-bundle "
    "audiotestsrc is-live=true wave=sine ! audioconvert ! audioresample ! opusenc ! rtpopuspay pt=111 "
    "! application/x-rtp,media=audio,encoding-name=OPUS,payload=111 ! rtc. "
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=15/1 ! vp8enc deadline=1 keyframe-max-dist=60 "
    "! rtpvp8pay pt=96 picture-id-mode=15-bit ! application/x-rtp,media=video,encoding-name=VP8,payload=96 ! rtc."
)


KEPT = []


def sdp_message(text):
    result, message = GstSdp.SDPMessage.new()
    assert result == GstSdp.SDPResult.OK
    assert GstSdp.sdp_message_parse_buffer(text.encode(), message) == GstSdp.SDPResult.OK
    return message


def ask(element, signal, argument, key=None):
    """Emits a signal that answers by promise, and waits for it (worker thread). The value lives to the end."""
    promise = Gst.Promise.new()
    element.emit(signal, argument, promise)
    assert promise.wait() == Gst.PromiseResult.REPLIED, signal
    if not key:
        return None
    reply = promise.get_reply()
    value = reply.get_value(key)
    KEPT.append((promise, reply, value))  # each borrows from the one before
    return value


class Member:
    def __init__(self, http, url):
        self.http, self.url = http, url
        self.signaling = Signaling(self)
        self.publisher = Gst.parse_launch(PUBLISH)
        self.subscriber = Gst.Pipeline.new("subscriber")
        receiver = Gst.ElementFactory.make("webrtcbin", "rtc")
        receiver.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        receiver.connect("pad-added", self.on_pad)
        self.subscriber.add(receiver)
        self.pictures = {}  # pad name -> decoded pictures
        self.sounds = {}    # pad name -> decoded buffers
        self.task = None

    async def join(self, token):
        await self.signaling.connect(self.http, self.url)
        await self.signaling.request("join", {"token": token})
        self.task = asyncio.create_task(self.signaling.keep_alive())
        self.subscriber.set_state(Gst.State.PLAYING)

    async def publish(self):
        rtc = self.publisher.get_by_name("rtc")
        ready = threading.Event()
        rtc.connect("on-negotiation-needed", lambda _: ready.set())
        self.publisher.set_state(Gst.State.PLAYING)
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(None, ready.wait, 10), "no on-negotiation-needed"
        offer = await loop.run_in_executor(None, ask, rtc, "create-offer", None, "offer")
        sdp = offer.sdp.as_text()
        await loop.run_in_executor(None, ask, rtc, "set-local-description", offer)
        tracks = [{"mid": mid, "source": "mic" if kind == "audio" else "camera", "muted": False}
                  for kind, mid in re.findall(r"m=(\w+).*?a=mid:(\S+)", sdp, re.S)]
        answer = await self.signaling.request("publish", {"sdp": sdp, "tracks": tracks})
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp_message(answer["sdp"]))
        await loop.run_in_executor(None, ask, rtc, "set-remote-description", description)

    async def on_subscribe_offer(self, data):
        rtc = self.subscriber.get_by_name("rtc")
        loop = asyncio.get_running_loop()
        offer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.OFFER, sdp_message(data["sdp"]))
        await loop.run_in_executor(None, ask, rtc, "set-remote-description", offer)
        answer = await loop.run_in_executor(None, ask, rtc, "create-answer", None, "answer")
        sdp = answer.sdp.as_text()
        await loop.run_in_executor(None, ask, rtc, "set-local-description", answer)
        await self.signaling.request("subscribe-answer", {"seq": data["seq"], "sdp": sdp})

    def on_pad(self, _, pad):
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        is_video = pad.get_current_caps().get_structure(0).get_string("media") == "video"
        chain = "videoconvert ! video/x-raw,format=I420" if is_video else "audioconvert"
        tail = Gst.parse_bin_from_description(
            f"queue name=start ! decodebin ! {chain} ! fakesink name=end signal-handoffs=true sync=false", False)
        tail.add_pad(Gst.GhostPad.new("sink", tail.get_by_name("start").get_static_pad("sink")))
        counts = self.pictures if is_video else self.sounds
        name = pad.get_name()
        counts[name] = 0

        def count(*_):
            counts[name] += 1

        tail.get_by_name("end").connect("handoff", count)
        self.subscriber.add(tail)
        tail.sync_state_with_parent()
        pad.link(tail.get_static_pad("sink"))

    def hears_and_sees(self, others):
        return (len([n for n in self.pictures.values() if n >= 20]) == others
                and len([n for n in self.sounds.values() if n >= 20]) == others)

    async def close(self):
        if self.task:
            self.task.cancel()
        self.publisher.set_state(Gst.State.NULL)
        self.subscriber.set_state(Gst.State.NULL)
        await self.signaling.close()


async def call_of(count):
    async with server() as url, aiohttp.ClientSession() as http:
        users = [await User(http, url, f"user{i}").register() for i in range(count)]
        tokens = await start_call(users[0], users[1:])
        members = [Member(http, url) for _ in users]
        try:
            for member, token in zip(members, tokens):
                await member.join(token)
                await member.publish()
            for i, member in enumerate(members):
                await until(lambda member=member: member.hears_and_sees(count - 1), 30, f"member {i} seeing and hearing all")
                assert member.signaling.failure is None, member.signaling.failure
        finally:
            for member in members:
                await member.close()


def main():
    glib = GLib.MainLoop()
    threading.Thread(target=glib.run, daemon=True).start()
    try:
        asyncio.run(asyncio.wait_for(call_of(2), 90))
        print("1 passed, 0 failed")
        return 0
    except Exception as failure:
        print("FAILED", repr(failure))
        print("0 passed, 1 failed")
        return 1
    finally:
        glib.quit()


if __name__ == "__main__":
    raise SystemExit(main())
