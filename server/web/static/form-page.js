// What every page with a form in ODK Web Forms shares: the form, its files, and the place where something is said.
import { createApp, h } from "vue";
import { OdkWebForm, webFormsPlugin } from "@getodk/web-forms";

export const host = document.getElementById("form");
export const said = document.getElementById("said");

export function say(text) {
  said.textContent = text;
  said.hidden = false;
  window.scrollTo({ top: 0 });
}

// `step`: a file name as one step of an address, escaped as the server reads it there.
export async function open(step, onSubmit) {
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
      onSubmit,
    };
    createApp({ render: () => h(OdkWebForm, props) }).use(webFormsPlugin).mount(host);
  } catch (error) {
    console.error(error);
    say(said.dataset.failed);
  }
}
