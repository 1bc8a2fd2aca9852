/* symbols.c - the symbols of an ELF file, by libelf. */
#include "keys/symbols.h"

#include <gelf.h>
#include <string.h>

/* The most symbols that are looked at: a browser has some 600,000. */
enum { SYMBOLS_MAX = 4 << 20 };

/* The segment that has a function tells where in the file it is. */
static uint64_t place_of(Elf *elf, uint64_t address)
{
	size_t n = 0;
	if (elf_getphdrnum(elf, &n) != 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr p;
		if (gelf_getphdr(elf, (int)i, &p) && p.p_type == PT_LOAD && (p.p_flags & PF_X) &&
		    address >= p.p_vaddr && address - p.p_vaddr < p.p_filesz)
			return address - p.p_vaddr + p.p_offset;
	}
	return 0;
}

static void section_read(Elf *elf, Elf_Scn *section, const GElf_Shdr *head,
			 const char *const *names, size_t n, uint64_t *offset)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = head->sh_entsize ? head->sh_size / head->sh_entsize : 0;
	for (size_t i = 0; data && i < count && i < SYMBOLS_MAX; i++) {
		GElf_Sym symbol;
		if (!gelf_getsym(data, (int)i, &symbol))
			return;
		const char *name = GELF_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_value
					   ? elf_strptr(elf, head->sh_link, symbol.st_name)
					   : NULL;
		for (size_t k = 0; name && k < n; k++)
			if (offset[k] == 0 && strcmp(name, names[k]) == 0)
				offset[k] = place_of(elf, symbol.st_value);
	}
}

static bool machine_fits(Elf *elf)
{
	GElf_Ehdr head;
#ifdef __aarch64__
	const unsigned machine = EM_AARCH64;
#else
	const unsigned machine = EM_X86_64;
#endif
	return elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &head) &&
	       head.e_machine == machine && gelf_getclass(elf) == ELFCLASS64;
}

bool symbols_find(int fd, const char *const *names, size_t n, uint64_t *offset)
{
	memset(offset, 0, n * sizeof *offset);
	/* Read, not mapped: a file that becomes shorter would end the process. */
	Elf *elf = elf_version(EV_CURRENT) != EV_NONE ? elf_begin(fd, ELF_C_READ, NULL) : NULL;
	bool fits = elf && machine_fits(elf);
	Elf_Scn *section = NULL;
	while (fits && (section = elf_nextscn(elf, section))) {
		GElf_Shdr head;
		if (gelf_getshdr(section, &head) &&
		    (head.sh_type == SHT_DYNSYM || head.sh_type == SHT_SYMTAB))
			section_read(elf, section, &head, names, n, offset);
	}
	if (elf)
		elf_end(elf);
	return fits;
}
