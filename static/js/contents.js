// Marks in the contents list the section that is being read.
const list = document.querySelector(".contents");
const links = [...list.querySelectorAll("a")];
const headings = links.map((link) => document.getElementById(link.hash.slice(1)));
let marked;
const mark = () => {
  const atTheEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
  const read = links[atTheEnd ? links.length - 1 : headings.findLastIndex((heading) => heading.getBoundingClientRect().top < innerHeight / 3)];
  if (read === marked) return;
  marked?.removeAttribute("aria-current");
  marked = read;
  marked?.setAttribute("aria-current", "true");
  if (marked) list.scrollTop = marked.offsetTop - list.clientHeight / 2;
};
addEventListener("scroll", mark, { passive: true });
mark();
