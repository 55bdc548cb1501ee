// The smallest script: a function, and the path it answers.
// Try: curl http://127.0.0.1:8080/hello   and   curl http://127.0.0.1:8080/hello/Ada

function hello() {
  return "Hello, world!\n"; // a string is sent as text/plain
}

function helloName(request) {
  return { greeting: `Hello, ${request.params.name}!` }; // an object is sent as JSON
}

register("/hello", hello);
register("/hello/:name", helloName);
