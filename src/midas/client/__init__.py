"""Every noun's verbs over HTTP, to an embedded platform or a remote server."""
