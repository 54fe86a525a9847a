/** Sends each text that Redis brings to every client: what `ws` is used for. Arguments: port, Redis's address, channel. */

import { createClient } from "@redis/client";
import { WebSocket, WebSocketServer } from "ws";

const [port, address, channel, compressed] = process.argv.slice(2);

const server = new WebSocketServer({
  port: Number(port),
  host: "127.0.0.1",
  backlog: 2048,
  perMessageDeflate: compressed === "compressed",
});
server.on("connection", (client) => client.send('{"type":"initial_data","devices":[]}'));

const unix = address.match(/^unix:\/\/([^?]+)/);
const subscriber = createClient(unix ? { socket: { path: unix[1], tls: false } } : { url: address });
await subscriber.connect();
await subscriber.subscribe(channel, (text) => {
  for (const client of server.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(text);
  }
});
console.log("ready");
