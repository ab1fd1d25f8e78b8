// The page's token against forged forms. A sign-in in another tab changes it: the refusal brings the new one.

/** Takes the new token of a refusal, by `header(name)`, for every form of the page. Returns whether there was one. */
export function takeNewToken(header) {
  const token = header("X-CSRF-Token");
  if (!token) return false;
  if (header("X-Signed-In") !== document.body.dataset.user) {
    window.location.reload(); // it is somebody else now
    return false;
  }
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
  for (const element of document.querySelectorAll("[data-csrf]")) element.dataset.csrf = token;
  return true;
}
