// A form in ODK Web Forms. Nothing is sent: what is filled in ends with the page.
import { POST_SUBMIT__NEW_INSTANCE } from "@getodk/web-forms";
import { open, said, say } from "form-page";

await open(async (_payload, done) => {
  say(said.dataset.done);
  done({ next: POST_SUBMIT__NEW_INSTANCE });
});
