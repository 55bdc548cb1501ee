// Uploads: multipart forms arrive parsed, each file with its name, type, size and bytes.
// Try: curl -F note=holiday -F file=@README.md http://127.0.0.1:8080/upload

function form() {
  return html`<!doctype html>
<meta charset="utf-8">
<title>Upload</title>
<form method="post" action="/upload" enctype="multipart/form-data">
  <p><label>Note <input name="note"></label></p>
  <p><input type="file" name="file" multiple required></p>
  <p><button>Send</button></p>
</form>`;
}

function receive({ files, form }) {
  if (files.length === 0) return { status: 422, body: { error: "no file was sent" } };
  return {
    note: form.note ?? null,
    files: files.map((file) => ({
      field: file.field,
      // The name is the sender's word: print it, but never use it as a path.
      filename: file.filename,
      contentType: file.contentType,
      size: file.size,
      sha256: hash("sha256", file.bytes()),
    })),
  };
}

register("/upload", form);
register("/upload", receive, "POST");
