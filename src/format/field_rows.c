/* field_rows.c - the tables of fields.def: a row for each field, with its getter. */
#include "format/getters.h"

#define IS_ALWAYS            true
#define IS_SET               false
#define IS_IF(condition)     false
#define IS_SET_IF(condition) false
#define IS_WITH(condition)   true

#define OF(list)     .of = list
#define SCHEMA(text) .schema = text
#define TABLE(place, csv, zeek, ecs)                                                               \
	.table = place, .name[FIELD_CSV] = csv, .name[FIELD_ZEEK] = zeek, .name[FIELD_ECS] = ecs
#define ALERT(place, title) .alert = place, .name[FIELD_ALERT_NAME] = title

#define FIELDS(table) const struct field field_##table[] = {
#define FIELDS_END                                                                                 \
	{                                                                                          \
		0                                                                                  \
	}                                                                                          \
	}                                                                                          \
	;
#define FIELD(in, title, as, known, what, ...)                                                     \
	{__VA_ARGS__,                                                                              \
	 .key = ",\"" #title "\":",                                                                \
	 .key_n = sizeof ",\"" #title "\":" - 1,                                                   \
	 .group = FIELD_##in,                                                                      \
	 .type = FIELD_##as,                                                                       \
	 .always = IS_##known,                                                                     \
	 .get = get_##in##_##title},
#include "format/fields.def"
#undef FIELDS
#undef FIELDS_END
#undef FIELD

const struct field_group_row field_groups[FIELD_GROUPS] = {
#define GROUP(id, in, ...) [FIELD_##id] = {FIELD_##in, __VA_ARGS__},
#define FIELDS(table)
#define FIELDS_END
#define FIELD(...)
#include "format/fields.def"
};
