/** Sending with a look at how far it is, which fetch does not give. */

/** A fetch that calls `progress(share)`, from 0 to 1, while it sends a body. */
export const uploading =
  (progress) =>
  (path, { method, body, headers, signal }) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(method, path);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.addEventListener("progress", ({ lengthComputable, loaded, total }) => lengthComputable && progress(loaded / total));
      request.addEventListener("load", () => resolve(new Response(request.response || null, { status: request.status, statusText: request.statusText })));
      request.addEventListener("error", () => reject(new TypeError("no answer")));
      request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
      signal?.addEventListener("abort", () => request.abort(), { once: true });
      request.send(body);
    });
