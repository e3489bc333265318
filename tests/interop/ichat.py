"""A running ichatd and a v2 call member, for tests with other WebRTC stacks. asyncio, aiohttp."""
import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import tempfile
from pathlib import Path

import aiohttp

ROOT = Path(__file__).resolve().parents[2]


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextlib.asynccontextmanager
async def server(**extra):
    """Starts ichatd on free ports with a data directory of its own; yields its URL; checks that it ends cleanly."""
    with tempfile.TemporaryDirectory() as data:
        port = free_port()
        env = {
            **os.environ,
            "ICHAT_DATA_DIR": data,
            "ICHAT_HTTP_PORT": str(port),
            "ICHAT_MEDIA_PORT": str(free_port(socket.SOCK_DGRAM)),
            "ICHAT_MEDIA_WORKERS": "1",
            **extra,
        }
        binary = os.environ.get("ICHATD", str(ROOT / "build/src/ichatd"))
        log = open(os.path.join(data, "stderr"), "w+", encoding="utf-8")
        process = await asyncio.create_subprocess_exec(binary, env=env, stdout=log, stderr=log)
        url = f"http://127.0.0.1:{port}"
        try:
            await wait_healthy(url, process)
            yield url
            process.send_signal(signal.SIGTERM)
            code = await asyncio.wait_for(process.wait(), 10)
            assert code == 0, f"ichatd ended with {code}"
        except BaseException:
            log.seek(0)
            print(log.read()[-8000:])
            raise
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            log.close()


async def wait_healthy(url, process):
    async with aiohttp.ClientSession() as http:
        for _ in range(200):
            assert process.returncode is None, "ichatd ended at start"
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(url + "/healthz") as answer:
                    if (await answer.json()).get("status") == "ok":
                        return
            await asyncio.sleep(0.05)
    raise TimeoutError("ichatd did not get healthy")


class User:
    """A registered user with REST calls."""

    def __init__(self, http, url, name):
        self.http, self.url, self.name = http, url, name
        self.id = 0
        self.token = ""

    async def rest(self, method, path, body=None):
        headers = {"Authorization": self.token} if self.token else {}
        async with self.http.request(method, f"{self.url}/api{path}", json=body, headers=headers) as answer:
            envelope = await answer.json(content_type=None)
            assert envelope["code"] == 200, f"{method} {path}: {envelope}"
            return envelope["data"]

    async def register(self):
        data = await self.rest("POST", "/register", {"username": self.name, "password": "secret-1", "nickname": self.name, "avatar": ""})
        self.id, self.token = data["userId"], data["token"]
        return self


async def befriend(a, b):
    request = await a.rest("POST", "/contact/user", {"userId": b.id})
    await b.rest("POST", f"/contact/accept?requestId={request['id']}")


async def start_call(caller, others):
    """A pair or group call; answers each member's call token, the caller's first."""
    for other in others:
        await befriend(caller, other)
    contacts = await caller.rest("GET", "/contact")
    mine = {contact["userId"]: contact["contactId"] for contact in contacts}
    if len(others) == 1:
        contact = mine[others[0].id]
    else:
        await caller.rest("POST", "/contact/group", {"name": "g", "avatar": "", "contactIds": [mine[other.id] for other in others]})
        contact = next(c["contactId"] for c in await caller.rest("GET", "/contact") if c["groupId"])
    call = await caller.rest("POST", "/call", {"contactId": contact, "userIds": [other.id for other in others]})
    while (await caller.rest("GET", f"/call?callId={call}"))["status"] == 1:
        await asyncio.sleep(0.05)
    return [await user.rest("POST", f"/call/join?callId={call}") for user in (caller, *others)]


class Signaling:
    """One `ichat.call.v2` socket: requests with answers, events by handler `on_<type>`."""

    def __init__(self, handler):
        self.handler = handler
        self.numbers = itertools.count(1)
        self.open = {}
        self.socket = None
        self.task = None
        self.failure = None

    async def connect(self, http, url):
        self.socket = await http.ws_connect(url.replace("http", "ws") + "/api/ws/call", protocols=["ichat.call.v2"])
        self.task = asyncio.create_task(self.run())

    async def run(self):
        try:
            async for message in self.socket:
                data = json.loads(message.data)
                if "res" in data:
                    future = self.open.pop(data["res"])
                    if "error" in data:
                        future.set_exception(RuntimeError(f"{data['type']}: {data['error']}"))
                    else:
                        future.set_result(data["data"])
                    continue
                hook = getattr(self.handler, "on_" + data["type"].replace("-", "_"), None)
                if hook:
                    asyncio.create_task(self.guard(hook(data["data"])))
        finally:
            for future in self.open.values():
                if not future.done():
                    future.set_exception(ConnectionError("the call socket closed"))

    async def guard(self, coroutine):
        try:
            await coroutine
        except Exception as failure:  # told by the test that waits
            self.failure = failure

    async def request(self, kind, data=None):
        number = next(self.numbers)
        self.open[number] = asyncio.get_running_loop().create_future()
        future = self.open[number]
        await self.socket.send_str(json.dumps({"req": number, "type": kind, "data": data or {}}))
        return await asyncio.wait_for(future, 15)

    async def keep_alive(self):
        while True:
            await self.request("ping")
            await asyncio.sleep(3)

    async def close(self):
        if self.socket:
            await self.socket.close()
        if self.task:
            await asyncio.wait([self.task])


async def until(condition, seconds, what):
    """Waits for a condition that media makes true."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"{what} did not happen in {seconds} s")
        await asyncio.sleep(0.05)
