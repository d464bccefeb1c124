package selector

// receipt is nothing here: NetBSD has EV_RECEIPT since release 10.
const receipt = 0
