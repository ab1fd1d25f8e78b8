// A form whose answer is a passkey: asks the browser for it, puts it into the form's fields, and sends the form.

class PasskeyForm extends HTMLElement {
  connectedCallback() {
    if (!window.PublicKeyCredential) return; // the page says what else can be done
    this.hidden = false;
    this.addEventListener("submit", this.#ask, { capture: true });
  }

  #ask = async (event) => {
    const form = event.target;
    if (form.elements.credential.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = form.querySelector("button");
    const refused = form.querySelector("[data-part=refused]");
    button.disabled = true;
    refused.textContent = "";
    const answer = await this.#answer().catch(() => null); // also if the person closes the browser's question
    button.disabled = false;
    if (!answer) return void (refused.textContent = this.dataset.refused);
    form.elements.credential.value = JSON.stringify(answer.credential);
    form.elements.state.value = answer.state;
    form.requestSubmit(button);
    form.elements.credential.value = ""; // a second try needs a new challenge
  };

  async #answer() {
    const response = await fetch(this.dataset.challengeUrl, {
      method: "POST",
      headers: { "X-CSRFToken": this.dataset.csrf, "X-Requested-With": "fetch" },
    });
    const { publicKey, state } = await response.json();
    const isNew = "new" in this.dataset;
    const made = await navigator.credentials[isNew ? "create" : "get"]({ publicKey: decoded(publicKey) });
    return { credential: encoded(made), state };
  }
}

/** Returns the options with bytes where JSON has base64url. */
function decoded(options) {
  const withBytes = (it) => ({ ...it, id: bytes(it.id) });
  const result = { ...options, challenge: bytes(options.challenge) };
  if (options.user) result.user = withBytes(options.user);
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    if (options[list]) result[list] = options[list].map(withBytes);
    else delete result[list];
  }
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== null));
}

/** Returns a credential as JSON has it (WebAuthn level 3, §5.1). Not every browser's `toJSON` is there. */
function encoded(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = base64url(credential.response[name]);
  }
  const { id, type } = credential;
  return { id, type, rawId: base64url(credential.rawId), response, clientExtensionResults: {} };
}

function bytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function base64url(buffer) {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

customElements.define("passkey-form", PasskeyForm);
