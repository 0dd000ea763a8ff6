/**
 * Decides where a dispatched request is sent, and whether it is sent again after a failure. The
 * package knows no socket, thread or clock, so the gateway uses it on an event loop and the
 * simulator in virtual time.
 */
@NullMarked
package dev.sluice.serving.attempts;

import org.jspecify.annotations.NullMarked;
