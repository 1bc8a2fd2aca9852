/* general.c - the own engine once more, without its short way for the usual segment: what it must
 * come to. */
#define OWN_PREDICTS          false
#define stream_own            stream_general
#define stream_config_default stream_general_config
#include "core/stream/native.c"
