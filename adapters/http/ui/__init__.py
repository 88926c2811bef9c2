"""The dashboard: pages as they are sent, without a build step; `files` names them."""
