"""Lets a page take part in calls without a centre: it serves the page, and passes
descriptions between it and the TCP exchange of docs/direct.md (a JSON object a line).

    bridge.py IP PORT PAGE-PORT

Orders come on standard input and what happens goes to standard output, as JSON lines.
The page waits in /next for what it shall do and posts the result to /done."""
import asyncio
import json
import sys
from pathlib import Path

PAGE = (Path(__file__).parent / 'page.html').read_bytes()
LONGEST = 96 * 1024


def say(**what):
    print(json.dumps(what), flush=True)


class Bridge:
    def __init__(self):
        self.orders = asyncio.Queue()     # what the page shall do
        self.waiting = []                 # who waits for the page's result, in turn
        self.calls = []

    async def ask(self, **order):
        """The page's result of an order."""
        result = asyncio.get_running_loop().create_future()
        self.waiting.append(result)
        await self.orders.put(order)
        return await result

    # -- the exchange with the far side

    def called(self, reader, writer):
        self.calls.append(asyncio.create_task(self.take(reader, writer)))

    async def take(self, reader, writer):
        try:
            offer = json.loads(await reader.readline())
            answer = await self.ask(do='answer', offer=offer)
            for message in ({'say': 'answer', **answer}, {'say': 'accept'}):
                writer.write(json.dumps(message).encode() + b'\n')
            await writer.drain()
            await reader.read()           # the connection lasts as long as the call
        finally:
            writer.close()

    async def call(self, to):
        offer = await self.ask(do='offer')
        reader, writer = await asyncio.open_connection(*to, limit=LONGEST)
        try:
            writer.write(json.dumps({'say': 'offer', **offer}).encode() + b'\n')
            while line := await reader.readline():
                message = json.loads(line)
                if message['say'] == 'answer':
                    await self.ask(do='answered', answer=message)
        finally:
            writer.close()

    # -- the page

    async def browse(self, reader, writer):
        try:
            while request := await reader.readline():
                method, path, _ = request.decode().split()
                length = 0
                while (header := await reader.readline()).strip():
                    name, value = header.decode().split(':', 1)
                    if name.lower() == 'content-length':
                        length = int(value)
                body = await reader.readexactly(length)
                kind, content = await self.serve(method, path, body)
                writer.write(b'HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Type: ' + kind.encode()
                             + b'\r\nContent-Length: ' + str(len(content)).encode() + b'\r\n\r\n' + content)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass                          # the browser is gone
        finally:
            writer.close()

    async def serve(self, method, path, body):
        if path == '/next':
            return 'application/json', json.dumps(await self.orders.get()).encode()
        if path == '/done':
            self.waiting.pop(0).set_result(json.loads(body))
        elif path == '/said':
            say(**json.loads(body))
        elif method == 'GET' and path.split('?')[0] == '/':
            return 'text/html', PAGE
        return 'application/json', b'null'

    async def obey(self):
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            order = json.loads(line)
            if order['do'] == 'call':
                self.calls.append(asyncio.create_task(self.call(order['to'])))
            else:
                say(say='statistics', figures=await self.ask(do='statistics'))


async def main(ip, port, page_port):
    bridge = Bridge()
    await asyncio.start_server(bridge.called, ip, int(port), limit=LONGEST)
    await asyncio.start_server(bridge.browse, '127.0.0.1', int(page_port), limit=LONGEST)
    say(say='listening')
    await bridge.obey()


if __name__ == '__main__':
    asyncio.run(main(*sys.argv[1:4]))
