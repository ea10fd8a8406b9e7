"""The OpenID edge: HTTP, pages and the words of OAuth. It holds no state and decides nothing about people."""
