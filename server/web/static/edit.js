// A submission in ODK Web Forms that is edited and sent as a further version. Until the server has it, what was typed
// stays on the page, whatever happens.
import { get, host, open, said, say } from "form-page";

const XML = "xml_submission_file";
const PAGE_EXPIRED = 403.91;
const ARRIVED_BEFORE = 409.1;
const DEPRECATING_OLD = 409.9;
const { back, names, send, sent } = host.dataset;
const arrived = JSON.parse(names);
const before = new Map();
let csrf = host.dataset.csrf;
let signedOut = false;
let busy = false;

function stay(event) {
  event.preventDefault();
}

// One of the files. In the place of one that has not arrived stands an empty one, so that its name stays.
async function file(name) {
  const answer = arrived[name] ? await get(`${sent}/attachments/${encodeURIComponent(name)}`) : new Response(new Blob());
  const blob = await answer.blob();
  before.set(name, blob);
  return new Response(blob);
}

async function same(one, other) {
  if (one.size !== other?.size) return false;
  const [left, right] = await Promise.all([one, other].map(async (each) => new Uint8Array(await each.arrayBuffer())));
  return left.every((byte, at) => byte === right[at]);
}

// What is sent: the server keeps the files that were not changed.
async function changed(data) {
  for (const [name, part] of [...data]) if (name !== XML && (await same(part, before.get(name)))) data.delete(name);
  return data;
}

// It had arrived although the connection broke, and more was typed since: that is an edit of what arrived.
async function follow(data) {
  const read = new DOMParser().parseFromString(await data.get(XML).text(), "text/xml");
  const [own, edited] = ["instanceID", "deprecatedID"].map((name) => read.querySelector(`meta > ${name}`));
  const random = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0"));
  edited.textContent = own.textContent;
  own.textContent = `uuid:${random.join("")}`;
  data.set(XML, new File([new XMLSerializer().serializeToString(read)], XML, { type: "text/xml" }));
  return data;
}

// Who signs in again has another mark against forged posts.
async function renew() {
  const page = await fetch(window.location.href, { redirect: "manual" });
  const read = new DOMParser().parseFromString(await page.text(), "text/html");
  csrf = read.getElementById("form")?.dataset.csrf || csrf;
  signedOut = false;
}

// A sentence, and what can be done about it: a word with an address, which opens beside this page, or with an action.
function offer(text, ...choices) {
  say(text);
  const row = said.appendChild(document.createElement("p"));
  for (const [word, what] of choices) {
    const choice = row.appendChild(document.createElement(typeof what === "string" ? "a" : "button"));
    choice.textContent = word;
    if (typeof what === "string") Object.assign(choice, { href: what, target: "_blank", rel: "noopener" });
    else choice.addEventListener("click", what);
  }
}

async function post(data, late) {
  const headers = { "X-CSRF-Token": csrf, Accept: "application/json" };
  return fetch(late ? `${send}?late` : send, { method: "POST", body: data, headers, redirect: "manual" });
}

async function attempt(data, late) {
  const again = [said.dataset.again, () => store(data, late)];
  if (signedOut) await renew();
  const answer = await post(data, late);
  if (answer.ok) {
    window.removeEventListener("beforeunload", stay);
    window.location.assign(back);
    return;
  }
  const told = answer.type === "opaqueredirect" ? { code: PAGE_EXPIRED } : await answer.json().catch(() => ({}));
  if (told.code === PAGE_EXPIRED) {
    signedOut = true;
    offer(said.dataset.out, [said.dataset.signIn, "/login"], again);
  } else if (told.code === ARRIVED_BEFORE) {
    await attempt(await follow(data), late);
  } else if (told.code === DEPRECATING_OLD) {
    offer(said.dataset.stale, [said.dataset.present, back], [said.dataset.late, () => store(data, true)]);
  } else {
    offer([told.message, said.dataset.refused].filter(Boolean).join(" "), again);
  }
}

async function store(data, late) {
  if (busy) return;
  busy = true;
  say(said.dataset.sending);
  try {
    await attempt(data, late);
  } catch {
    offer(said.dataset.offline, [said.dataset.again, () => store(data, late)]);
  } finally {
    busy = false;
  }
}

window.addEventListener("beforeunload", stay);
await open(async (payload) => store(await changed(payload.data[0]), false), {
  editInstance: {
    resolveInstance: () => get(`${sent}.xml`),
    attachmentFileNames: Object.keys(arrived),
    resolveAttachment: file,
  },
});
