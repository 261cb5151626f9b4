// Files on their way up, with how far they are; fetch cannot tell that.
import { Problem, UNREACHABLE } from "./client";
import type { Problem as ProblemBody, Upload } from "./generated/types";
import { bearer, refused } from "./session";

export async function upload(account: string, file: Blob, onProgress: (part: number) => void, signal: AbortSignal): Promise<Upload> {
  for (let attempt = 0; ; attempt += 1) {
    const token = await bearer();
    const { status, body } = await send(account, file, token, onProgress, signal);
    if (status === 401 && attempt === 0) { refused(token); continue; }
    if (status === 201) return JSON.parse(body) as Upload;
    throw new Problem(problem(status, body));
  }
}

function problem(status: number, body: string): ProblemBody {
  try {
    return JSON.parse(body) as ProblemBody;
  } catch {
    const code = status === 0 ? UNREACHABLE : "internal";
    return { type: "about:blank", title: code, status, code, detail: code };
  }
}

function send(account: string, file: Blob, token: string | null, onProgress: (part: number) => void, signal: AbortSignal): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/accounts/${encodeURIComponent(account)}/uploads`);
    request.setRequestHeader("Content-Type", file.type.includes("/") ? file.type : "application/octet-stream");
    if (token) request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.upload.onprogress = (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); };
    request.onloadend = () => resolve({ status: request.status, body: request.responseText });
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
