package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
)

// The Go runtime takes its random numbers from ProcessPrng of this library and
// does not start without it; Wine has the library since its release 9. RtlGenRandom,
// whose real name is SystemFunction036, takes the same arguments and answers
// in the same way as far as Go looks.
const (
	libraryName = "bcryptprimitives.dll"
	exported    = "ProcessPrng"
	forwardedTo = "advapi32.SystemFunction036"
)

// Where things are: headers in the first block of the file, the only section in
// the second; in memory a page each.
const (
	block   = 0x200
	page    = 0x1000
	dosSize = 0x40 // of the header that every program for Windows begins with
)

// exportDirectory is the IMAGE_EXPORT_DIRECTORY of Microsoft's PE format.
type exportDirectory struct {
	Flags, Time                 uint32
	Major, Minor                uint16
	Name, OrdinalBase           uint32
	Functions, Names            uint32 // how many
	AtFunctions, AtNames, AtOrd uint32 // where the tables are
}

// library returns a library without code. An exported address that lies within
// the export section itself is not code but the name of the function to use.
func library() ([]byte, error) {
	section, err := exports()
	if err != nil {
		return nil, err
	}
	var head bytes.Buffer
	head.WriteString("MZ")
	head.Write(make([]byte, dosSize-2-4))
	for _, part := range headers(uint32(len(section))) {
		if err := binary.Write(&head, binary.LittleEndian, part); err != nil {
			return nil, err
		}
	}
	image := make([]byte, 2*block)
	copy(image, head.Bytes())
	copy(image[block:], section)
	return image, nil
}

// exports is the section: the directory, three tables of one entry each, and the
// names.
func exports() ([]byte, error) {
	const directorySize = 40
	functions := uint32(page + directorySize)
	names := functions + 4
	ordinals := names + 4
	name := ordinals + 2
	forward := name + uint32(len(exported)) + 1
	own := forward + uint32(len(forwardedTo)) + 1

	var section bytes.Buffer
	for _, part := range []any{
		exportDirectory{
			Name: own, OrdinalBase: 1, Functions: 1, Names: 1,
			AtFunctions: functions, AtNames: names, AtOrd: ordinals,
		},
		forward, name, uint16(0),
		[]byte(exported + "\x00" + forwardedTo + "\x00" + libraryName + "\x00"),
	} {
		if err := binary.Write(&section, binary.LittleEndian, part); err != nil {
			return nil, err
		}
	}
	return section.Bytes(), nil
}

// headers are what follows the DOS header, beginning with its last field.
func headers(section uint32) []any {
	optional := pe.OptionalHeader64{
		Magic:                 0x20b,
		SizeOfInitializedData: block,
		ImageBase:             0x1_8000_0000,
		SectionAlignment:      page,
		FileAlignment:         block,
		// Windows 6.0, the first with ProcessPrng's kind of library
		MajorOperatingSystemVersion: 6,
		MajorSubsystemVersion:       6,
		SizeOfImage:                 2 * page,
		SizeOfHeaders:               block,
		Subsystem:                   pe.IMAGE_SUBSYSTEM_WINDOWS_CUI,
		DllCharacteristics:          pe.IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE | pe.IMAGE_DLLCHARACTERISTICS_NX_COMPAT,
		NumberOfRvaAndSizes:         16,
	}
	optional.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_EXPORT] = pe.DataDirectory{VirtualAddress: page, Size: section}
	return []any{
		uint32(dosSize), []byte("PE\x00\x00"),
		pe.FileHeader{
			Machine:              pe.IMAGE_FILE_MACHINE_AMD64,
			NumberOfSections:     1,
			SizeOfOptionalHeader: uint16(binary.Size(optional)),
			Characteristics:      pe.IMAGE_FILE_EXECUTABLE_IMAGE | pe.IMAGE_FILE_LARGE_ADDRESS_AWARE | pe.IMAGE_FILE_DLL,
		},
		optional,
		pe.SectionHeader32{
			Name:             [8]uint8([]byte(".edata\x00\x00")),
			VirtualSize:      section,
			VirtualAddress:   page,
			SizeOfRawData:    block,
			PointerToRawData: block,
			Characteristics:  pe.IMAGE_SCN_CNT_INITIALIZED_DATA | pe.IMAGE_SCN_MEM_READ,
		},
	}
}
