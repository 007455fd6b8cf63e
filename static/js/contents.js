// Marks in the contents list the section that is being read.
const list = document.querySelector(".contents");
// Beside the text the sheet shows the list whatever its state; now its state is what it looks like.
if (matchMedia("(min-width: 60rem)").matches) list.querySelector("details").open = true;
const links = [...list.querySelectorAll("a")];
const headings = links.map((link) => document.getElementById(link.hash.slice(1)));
let marked;
const mark = () => {
  const atTheEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
  const passed = headings.findLastIndex((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
  const read = links[atTheEnd ? links.length - 1 : passed];
  if (read === marked) return;
  marked?.removeAttribute("aria-current");
  marked = read;
  marked?.setAttribute("aria-current", "true");
  if (marked) list.scrollTop = marked.offsetTop - list.clientHeight / 2;
};
addEventListener("scroll", mark, { passive: true });
mark();
