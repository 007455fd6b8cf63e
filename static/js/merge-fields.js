// Makes buttons of the merge fields offered beside the policy's editors: a press puts the field where the cursor was.
const offered = document.querySelector("[data-merge-fields]");
let latest = null;

document.addEventListener("prose-editor:ready", (event) => {
  const { editor } = event.detail;
  latest ??= editor;
  editor.on("focus", () => { latest = editor; });
});

for (const item of offered?.querySelectorAll("li") ?? []) {
  const field = item.querySelector("code").textContent;
  const button = document.createElement("button");
  button.type = "button";
  button.append(...item.childNodes);
  button.addEventListener("click", () => latest?.chain().focus().insertContent(field).run());
  item.append(button);
}
