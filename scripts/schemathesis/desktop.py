"""An agent's desktop that is signed in and stays so, and a token of an administrator.

Prints one line: the token and the session's handle. Writes the customer's leg of the
newest call into the file that is named second. Ends with its standard input, and then
says how many calls were dialled and disposed.
"""

import asyncio
import json
import pathlib
import sys
import urllib.request
import uuid

import websockets


def token(http):
    def ask(path, body, cookie=""):
        headers = {
            "Content-Type": "application/json",
            "Origin": http,
            "X-Omnibar-Admin": "1",
            "Cookie": cookie,
        }
        data = json.dumps(body).encode()
        return urllib.request.urlopen(
            urllib.request.Request(f"{http}/admin/api/{path}", data, headers)
        )

    signed_in = ask("session", {"user": "admin", "password": "demo"})
    cookie = signed_in.headers["Set-Cookie"].split(";")[0]
    made = ask("tokens", {"name": "schemathesis", "days": 1, "once": False}, cookie)
    return json.load(made)["token"]


async def ask(socket, method, params):
    id = str(uuid.uuid4())
    await socket.send(json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
    while True:
        answer = json.loads(await socket.recv())
        if answer.get("id") == id:
            return answer["result"]


async def stay(url):
    async with websockets.connect(f"{url}/ws/agent", max_size=None) as socket:
        client = {"agent": "schemathesis", "protocol": 1}
        opened = await ask(
            socket, "session.open", {"client": client, "user": "agent1", "password": "demo"}
        )
        campaigns = [campaign["id"] for campaign in opened["campaigns"]]
        await ask(socket, "session.select", {"campaigns": campaigns, "extension": "centre"})
        print(token(url.replace("ws", "http", 1)), opened["handle"], flush=True)
        ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        dialled, disposed = set(), set()
        heard = asyncio.ensure_future(listen(socket, dialled, disposed))
        await asyncio.wait([ended, heard], return_when=asyncio.FIRST_COMPLETED)
        heard.cancel()
        print(len(dialled), len(disposed), flush=True)


async def listen(socket, dialled, disposed):
    async for text in socket:
        message = json.loads(text)
        if message.get("method") != "interaction.changed":
            continue
        call = message["params"]["interaction"]
        if call["conversation"]["state"] == "ended":
            disposed.add(call["id"])
        elif call["legs"] and call["id"] not in dialled:
            dialled.add(call["id"])
            pathlib.Path(sys.argv[2]).write_text(call["legs"][0]["id"])


asyncio.run(stay(sys.argv[1]))
