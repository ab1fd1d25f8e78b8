// Files in the customer's chat: those that came, and those to be sent. Loaded once a chat runs.

import "./chat-files.js";
import "./customer-file.js";
import "./quotes.js";
