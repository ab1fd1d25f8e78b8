// In a page of another site while the chat is folded: keeps a customer's running chat connected, and counts what comes.

import "./storage.js"; // before whatever stores
import { leave } from "./customer-member.js";
import { CustomerSession, isMember, MEMBER } from "./customer-session.js";
import { ParentPage } from "./parent-page.js";
import { Socket, tellPage } from "./socket.js";
import { Unread } from "./unread.js";

const LATEST = 2 ** 31 - 1; // the last rev of all: what was written is not wanted here, only how much is unread

const { service, path, sites, memberEndUrl } = document.documentElement.dataset;
const session = new CustomerSession(service);
let given = ""; // the token that the page around keeps
let socket = null;

const parentPage = new ParentPage(sites, {
  hello: ({ token, person }) => {
    given = token === MEMBER ? "" : token;
    if (person === null && isMember(session.token || token)) signOut(session.token || token);
    else connect();
  },
  moved: notePage,
});

/** Tells the agent which page the customer is on: only where the policy says so. */
function notePage() {
  if (socket?.follows) tellPage(socket, parentPage.address);
}

/** The member has signed out of the site. */
function signOut(token) {
  given = "";
  socket?.close();
  tell(false, 0);
  if (token !== MEMBER) leave(session, memberEndUrl, token);
  else session.onKeep("");
}

function connect() {
  const token = session.token || given;
  socket?.close();
  if (token) attend(new Socket(path), token);
  else tell(false, 0);
}

function attend(line, token) {
  const unread = new Unread();
  let state = "";
  socket = line;
  line.addEventListener("open", () => line.send({ type: "hello", token, rev: LATEST }));
  line.addEventListener("refused", () => tell(false, 0));
  line.addEventListener("frame", ({ detail: frame }) => {
    unread.take(frame);
    if (frame.type === "unread") line.follows = frame.follows;
    if (frame.type === "status") state = frame.state;
    const arrived = { message: frame.seq, unread: frame.rev }[frame.type];
    if (frame.type === "unread") notePage();
    if (arrived) line.send({ type: "seen", received: arrived, read: 0 });
    if (!state) return;
    tell(state !== "closed", unread.count);
    if (state === "closed") line.close();
  });
  line.open();
}

function tell(running, unread) {
  parentPage.tell({ type: "state", running, unread });
}

session.onKeep = (token) => parentPage.tell({ type: "keep", token });
session.onChangeElsewhere(connect);
window.addEventListener("pagehide", () => socket?.close());
window.addEventListener("pageshow", (event) => event.persisted && connect());
parentPage.greet();
