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

// What is there, whole; a page that says what is wrong would be taken for it.
export async function get(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer;
}

// `more`: further properties of the form.
export async function open(onSubmit, more = {}) {
  const fileName = (url) => encodeURIComponent(decodeURIComponent(String(url).split("/").pop()));
  const fetchFormAttachment = (url) => fetch(host.dataset.files + fileName(url));
  try {
    const answer = await get(host.dataset.form);
    const props = {
      formXml: await answer.text(),
      fetchFormAttachment,
      missingResourceBehavior: "BLANK",
      submissionMaxSize: 100_000_000,
      trackDevice: false,
      preloadProperties: { username: "", email: "", phoneNumber: "", deviceID: "" },
      onSubmit,
      ...more,
    };
    createApp({ render: () => h(OdkWebForm, props) }).use(webFormsPlugin).mount(host);
  } catch (error) {
    console.error(error);
    say(said.dataset.failed);
  }
}
