/* general.c - the native engine once more, without its short way for the usual segment: what it
 * must come to. */
#define NATIVE_PREDICTS        false
#define stream_native          stream_general
#define stream_config_default  stream_general_config
#define stream_native_prefetch stream_general_prefetch
#include "core/stream/native.c"
