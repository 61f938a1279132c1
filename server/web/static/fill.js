// A form in ODK Web Forms that is filled and sent from the browser, as a phone would send it.
import { POST_SUBMIT__NEW_INSTANCE } from "@getodk/web-forms";
import { host, open, said, say } from "form-page";

const HEADERS = { "X-OpenRosa-Version": "1.0", "X-Requested-With": "XMLHttpRequest" };
const { once } = host.dataset;

// Who keeps no notes of pages can fill the form again: nothing else would know her.
function filled() {
  try {
    return Boolean(once) && localStorage.getItem(once) !== null;
  } catch {
    return false;
  }
}

function finish() {
  try {
    localStorage.setItem(once, "1");
  } catch {
    // as above
  }
  host.remove();
}

// What the server says of it, which is made for people.
async function reason(answer) {
  const read = new DOMParser().parseFromString(await answer.text(), "text/xml");
  return read.getElementsByTagName("message")[0]?.textContent || said.dataset.refused;
}

async function send(payload, done) {
  let answer;
  try {
    answer = await fetch(host.dataset.send, { method: "POST", body: payload.data[0], headers: HEADERS });
  } catch {
    say(said.dataset.offline);
    return;
  }
  if (!answer.ok) {
    say(await reason(answer));
    return;
  }
  say(said.dataset.done);
  if (once) finish();
  else done({ next: POST_SUBMIT__NEW_INSTANCE });
}

if (filled()) {
  say(said.dataset.filled);
  host.remove();
} else {
  await open(send);
}
