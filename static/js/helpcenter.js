// The pages of a help center.

import "./app.js";
import "./chat-launcher.js";
