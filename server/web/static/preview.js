// The draft in ODK Web Forms. Nothing is sent: what is filled in ends with the page.
import { createApp, h } from "vue";
import { OdkWebForm, POST_SUBMIT__NEW_INSTANCE, webFormsPlugin } from "@getodk/web-forms";

const host = document.getElementById("form");
const said = document.getElementById("said");

function say(text) {
  said.textContent = text;
  said.hidden = false;
  window.scrollTo({ top: 0 });
}

// A file name as one step of an address, escaped as the server does it.
const step = (name) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));
const filesAt = host.dataset.files.slice(0, host.dataset.files.lastIndexOf("/") + 1);
const fetchFormAttachment = (url) => fetch(filesAt + step(decodeURIComponent(String(url).split("/").pop())));

try {
  const answer = await fetch(host.dataset.form);
  if (!answer.ok) throw new Error(String(answer.status));
  const props = {
    formXml: await answer.text(),
    fetchFormAttachment,
    missingResourceBehavior: "BLANK",
    submissionMaxSize: 100_000_000,
    trackDevice: false,
    preloadProperties: { username: "", email: "", phoneNumber: "", deviceID: "" },
    onSubmit: async (_payload, done) => {
      say(said.dataset.done);
      done({ next: POST_SUBMIT__NEW_INSTANCE });
    },
  };
  createApp({ render: () => h(OdkWebForm, props) }).use(webFormsPlugin).mount(host);
} catch (error) {
  console.error(error);
  say(said.dataset.failed);
}
