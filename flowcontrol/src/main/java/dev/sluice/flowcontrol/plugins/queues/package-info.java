/** Built-in queues. */
@NullMarked
package dev.sluice.flowcontrol.plugins.queues;

import org.jspecify.annotations.NullMarked;
