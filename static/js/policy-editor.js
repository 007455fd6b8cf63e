// Gives the policy's editors the names of their fields and Latvian buttons, and makes buttons of the merge fields offered beside them: a
// press puts the field where the cursor was.
// A classic script, deferred: it must listen before the editor's modules run, and no module may come before their import map.
{
  const offered = document.querySelector("[data-merge-fields]");
  let latest = null;

  document.addEventListener("prose-editor:ready", (event) => {
    const { editor, textarea } = event.detail;
    editor.view.dom.setAttribute("aria-label", textarea.labels[0]?.textContent.replace(/:\s*$/, "") ?? "");
    latest ??= editor;
    editor.on("focus", () => { latest = editor; });
    // The buttons come after the event, and the one of the text style changes with the cursor.
    requestAnimationFrame(() => translate(editor));
    editor.on("transaction", () => requestAnimationFrame(() => translate(editor)));
  });

  function translate(editor) {
    const frame = editor.view.dom.closest(".prose-editor");
    for (const button of frame.querySelectorAll(".prose-menubar [title]")) {
      const words = gettext(button.title);
      if (words !== button.title) button.title = button.ariaLabel = words;
    }
    for (const style of frame.querySelectorAll(".prose-menubar__option > *")) {
      const words = gettext(style.textContent);
      if (words !== style.textContent) style.textContent = words;
    }
  }

  for (const item of offered?.querySelectorAll("li") ?? []) {
    const field = item.querySelector("code").textContent;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...item.childNodes);
    button.addEventListener("click", () => latest?.chain().focus().insertContent(field).run());
    item.append(button);
  }
}
