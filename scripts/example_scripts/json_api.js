// A JSON API: path parameters, query parameters, a JSON body, status codes.
// The books are a constant: a script's top level runs anew for each request, so a changed array would be
// forgotten at once. What is to last belongs into storage: board.js.

const books = Object.freeze([
  { id: 1, title: "The Left Hand of Darkness", author: "Le Guin", year: 1969 },
  { id: 2, title: "Solaris", author: "Lem", year: 1961 },
  { id: 3, title: "The Dispossessed", author: "Le Guin", year: 1974 },
]);

const problem = (status, message) => ({ status, body: { error: message } });

// GET /books?author=Lem&sort=year&limit=10
function list({ query }) {
  const limit = Number(query.limit ?? 10);
  if (!Number.isInteger(limit) || limit < 1) return problem(400, "limit must be a whole number above 0");
  const sort = query.sort ?? "id";
  if (!Object.hasOwn(books[0], sort)) return problem(400, `sort must be one of ${Object.keys(books[0]).join(", ")}`);
  const found = books.filter((book) => !query.author || book.author === query.author);
  found.sort((a, b) => (a[sort] < b[sort] ? -1 : a[sort] > b[sort] ? 1 : 0));
  return { total: found.length, books: found.slice(0, limit) };
}

// GET /books/2
function get({ params }) {
  return books.find((book) => String(book.id) === params.id) ?? problem(404, `no book ${params.id}`);
}

// POST /books with {"title": "…", "author": "…", "year": 1999}. A malformed body never gets here: it is a 400 already.
function create({ json }) {
  const { title, author, year } = json ?? {};
  if (typeof title !== "string" || title.trim() === "") return problem(422, "title is required");
  if (typeof author !== "string" || author.trim() === "") return problem(422, "author is required");
  if (!Number.isInteger(year)) return problem(422, "year must be a whole number");
  const book = { id: books.length + 1, title: title.trim(), author: author.trim(), year };
  return { status: 201, headers: { Location: `/books/${book.id}` }, body: book };
}

register("/books", list);
register("/books", create, "POST");
register("/books/:id", get);
