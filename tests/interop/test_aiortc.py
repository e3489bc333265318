#!/usr/bin/python3
"""aiortc members in calls: another ICE, DTLS, SRTP and SDP implementation than the browsers' publishes and subscribes."""
import asyncio
import fractions

import aiohttp
import numpy
from aiortc import RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError
from av import AudioFrame, VideoFrame
from ichat import Signaling, User, server, start_call, until


class Bars(VideoStreamTrack):
    """A picture that changes with every frame."""

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        picture = numpy.full((180, 320, 3), (pts // 3000 * 5) % 256, dtype=numpy.uint8)
        frame = VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(AudioStreamTrack):
    """440 Hz, 48 kHz mono, in real time (by the parent's pace)."""

    position = 0

    async def recv(self):
        silent = await super().recv()
        count = silent.samples
        rate = silent.sample_rate
        wave = numpy.sin(2 * numpy.pi * 440 * (numpy.arange(count) + self.position) / rate) * 12000
        self.position += count
        frame = AudioFrame.from_ndarray(wave.astype(numpy.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, silent.pts, fractions.Fraction(1, rate)
        return frame


class Member:
    def __init__(self, http, url):
        self.http, self.url = http, url
        self.signaling = Signaling(self)
        self.publish_pc = RTCPeerConnection()
        self.subscribe_pc = RTCPeerConnection()
        self.subscribe_pc.on("track", self.on_track)
        self.tasks = []
        self.pictures = {}  # track object -> (frames, distinct brightness values, width)
        self.loud = {}      # track object -> frames with sound

    async def join(self, token):
        await self.signaling.connect(self.http, self.url)
        joined = await self.signaling.request("join", {"token": token})
        self.tasks.append(asyncio.create_task(self.signaling.keep_alive()))
        return joined

    async def publish(self):
        self.publish_pc.addTransceiver(Tone(), direction="sendonly")
        self.publish_pc.addTransceiver(Bars(), direction="sendonly")
        await self.publish_pc.setLocalDescription(await self.publish_pc.createOffer())
        mids = [transceiver.mid for transceiver in self.publish_pc.getTransceivers()]
        answer = await self.signaling.request("publish", {
            "sdp": self.publish_pc.localDescription.sdp,
            "tracks": [{"mid": mids[0], "source": "mic", "muted": False}, {"mid": mids[1], "source": "camera", "muted": False}],
        })
        await self.publish_pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))

    async def on_subscribe_offer(self, data):
        await self.subscribe_pc.setRemoteDescription(RTCSessionDescription(data["sdp"], "offer"))
        await self.subscribe_pc.setLocalDescription(await self.subscribe_pc.createAnswer())
        await self.signaling.request("subscribe-answer", {"seq": data["seq"], "sdp": self.subscribe_pc.localDescription.sdp})

    def on_track(self, track):
        self.tasks.append(asyncio.create_task(self.watch(track)))

    async def watch(self, track):
        try:
            while True:
                frame = await track.recv()
                if track.kind == "video":
                    frames, shades, _ = self.pictures.get(track, (0, set(), 0))
                    shades.add(int(frame.to_ndarray(format="gray").mean()))
                    self.pictures[track] = (frames + 1, shades, frame.width)
                elif numpy.abs(frame.to_ndarray()).mean() > 500:
                    self.loud[track] = self.loud.get(track, 0) + 1
        except MediaStreamError:
            pass

    def hears_and_sees(self, others):
        seen = sum(1 for frames, shades, width in self.pictures.values() if frames >= 20 and len(shades) >= 5 and width == 320)
        heard = sum(1 for count in self.loud.values() if count >= 20)
        return seen == others and heard == others

    async def close(self):
        for task in self.tasks:
            task.cancel()
        await self.publish_pc.close()
        await self.subscribe_pc.close()
        await self.signaling.close()


async def call_of(count, **options):
    async with server(**options) as url, aiohttp.ClientSession() as http:
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


async def test_two_members():
    await call_of(2)


async def test_three_members_on_two_threads():
    await call_of(3, ICHAT_MEDIA_WORKERS="2", ICHAT_MEDIA_PLACEMENT="spread")


def main():
    passed = failed = 0
    for name, test in sorted(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            asyncio.run(asyncio.wait_for(test(), 90))
            passed += 1
            print("ok", name)
        except Exception as failure:
            failed += 1
            print("FAILED", name, repr(failure))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
