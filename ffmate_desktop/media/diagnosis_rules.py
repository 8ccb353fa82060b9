"""What ffmpeg's messages mean, as a table: pattern → sentence, next step, and who may try again.

Patterns are searched in log lines without addresses and levels (`[h264_nvenc] Cannot load libcuda.so.1`), in the
words of ffmpeg 5 to 9. The first rule that fits wins, so causes stand before the consequences that follow them.
"""

import re
from dataclasses import dataclass
from functools import cache

from ffmate_desktop.media.exit_codes import BUILD_HINT, CHECK_DISK, FREE_SPACE, RetryAdvice


@dataclass(frozen=True)
class Rule:
    """`sentence` and `hint` may name groups of `pattern`; `{input}` and `{output}` are the files, in quotes.

    `{remote}` is the output where that could not be opened, else the input.
    """

    pattern: str
    sentence: str
    hint: str
    retry: RetryAdvice = RetryAdvice.NO
    blames_input: bool = False

    def search(self, text: str) -> re.Match[str] | None:
        """Where it fits. Compiled at the first failed task, since a start waits for everything that is done here."""
        return _compiled(self.pattern).search(text)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


_rule = Rule

_GPU_HINT = (
    "Install its driver, let a node with such hardware do it, or choose a software encoder such as libx264."
)
_COPY_HINT = "The copy, download or recording was probably not finished; get the file again."
_VALUES_HINT = "“ffmpeg -h encoder=NAME” lists the values that it takes."

RULES: tuple[Rule, ...] = (
    # The computer
    _rule(r"No space left on device|Disk quota exceeded|not enough space on the disk",
          "The disk is full.", FREE_SPACE, RetryAdvice.LATER),
    _rule(r"Read-only file system",
          "The disk of the output is read-only here.",
          "Mount it for writing, or choose another output folder.",
          RetryAdvice.OTHER_NODE),
    _rule(r"File too large",
          "The file system of the output allows no file of this size.", "Choose another disk (not FAT)."),
    _rule(r"OpenEncodeSessionEx failed: (?:out of memory|incompatible client key)",
          "The graphics card takes no more encodes at once.", "Let fewer tasks run at once on this node.",
          RetryAdvice.LATER),
    _rule(r"Cannot allocate memory|malloc of size \d+ failed|Out of memory",
          "There was not enough memory.", "Let fewer tasks run at once on this node.", RetryAdvice.LATER),
    _rule(r"error while loading shared libraries: (?P<library>[^:\n]+)",
          "ffmpeg does not start on this node: {library} is missing.",
          "Install it, or use the bundled ffmpeg.",
          RetryAdvice.OTHER_NODE),
    # Hardware
    # The bundled ffmpeg loads such libraries when they are first needed, and aborts without them.
    _rule(r"implib-gen: (?P<library>\S+): failed to load library",
          "This computer cannot use the hardware or device that the command asks for: {library} is missing.",
          _GPU_HINT, RetryAdvice.OTHER_NODE),
    _rule(r"Cannot load (?:lib)?(?:cuda|nvcuda|nvidia-encode|nvEncodeAPI|nvcuvid)|No NVENC capable devices|"
          r"No capable devices found|OpenEncodeSessionEx failed|required nvenc API version|CUDA_ERROR_\w+",
          "This computer cannot use NVIDIA hardware (NVENC, CUDA).", _GPU_HINT, RetryAdvice.OTHER_NODE),
    _rule(r"MFX session", "This computer cannot use Intel Quick Sync hardware.", _GPU_HINT, RetryAdvice.OTHER_NODE),
    _rule(r"No VA display found|Failed to initialise VAAPI|vaInitialize",
          "This computer cannot use VAAPI hardware.", _GPU_HINT, RetryAdvice.OTHER_NODE),
    _rule(r"amfrt64\S* failed to open|\(AMF\)", "This computer cannot use AMD hardware (AMF).", _GPU_HINT,
          RetryAdvice.OTHER_NODE),
    _rule(r"[Cc]annot create compression session|VTCompressionSession",
          "This Mac cannot use its video hardware for this.", _GPU_HINT, RetryAdvice.OTHER_NODE),
    _rule(r"Device creation failed|No device available for (?:de|en)coder|[Dd]evice setup failed|VK_ERROR_\w+",
          "This computer lacks the hardware that the command asks for.", _GPU_HINT, RetryAdvice.OTHER_NODE),
    # The build
    _rule(r"Unknown encoder '(?P<name>[^']*)'", "This node's ffmpeg has no encoder “{name}”.", BUILD_HINT,
          RetryAdvice.OTHER_NODE),
    _rule(r"Unknown decoder '(?P<name>[^']*)'", "This node's ffmpeg has no decoder “{name}”.", BUILD_HINT,
          RetryAdvice.OTHER_NODE),
    _rule(r"Automatic encoder selection failed.*[Ff]or(?:mat)? (?P<format>\S+)",
          "This node's ffmpeg has no encoder for the format “{format}”.",
          "Choose an encoder with -c:v or -c:a.",
          RetryAdvice.OTHER_NODE),
    _rule(r"No such filter: '(?P<name>[^']*)'", "This node's ffmpeg has no filter “{name}”.", BUILD_HINT,
          RetryAdvice.OTHER_NODE),
    _rule(r"bitstream filter sequence '(?P<name>[^']*)'", "The bitstream filter “{name}” cannot be used.",
          BUILD_HINT, RetryAdvice.OTHER_NODE),
    _rule(r"Decoder \(codec (?P<name>\S+)\) not found|no decoder found for: (?P<other>\S+)",
          "This node's ffmpeg cannot decode the input.", "Another build of ffmpeg may.", RetryAdvice.OTHER_NODE),
    _rule(r"Unrecognized hwaccel: (?P<name>\S+?)\.?$", "This node's ffmpeg has no acceleration “{name}”.",
          _GPU_HINT,
          RetryAdvice.OTHER_NODE),
    # Words of the command
    _rule(r"Unrecognized option '(?P<name>[^']*)'", "ffmpeg does not know the option -{name}.",
          "Check its spelling, and whether it lacks a value."),
    _rule(r"Option (?P<name>\S+) \(.*\) cannot be applied to (?P<kind>input|output) url (?P<url>.+?) --",
          "The option -{name} stands before the wrong file.",
          "Options belong to the next file: those of the output stand after the last -i."),
    _rule(r"Codec AVOption (?P<name>\S+) .* is not an? (?:de|en)coding option",
          "The option -{name} stands before the wrong file.",
          "Options belong to the next file: those of the output stand after the last -i."),
    _rule(r"Missing argument for option '(?P<name>[^']*)'", "The option -{name} lacks its value.",
          "Write the value behind it."),
    _rule(r"Invalid duration (?:for option|specification for) (?P<name>\S+): (?P<value>.*)",
          "“{value}” is no time for the option -{name}.",
          "Write seconds (12.5) or hours:minutes:seconds (00:01:30)."),
    _rule(r"At least one output file must be specified", "The command names no output file.",
          "Write ${{OUTPUT_FILE}} at its end."),
    _rule(r"Unknown input format: '(?P<name>[^']*)'", "ffmpeg knows no input format “{name}”.",
          "Check the -f before the -i."),
    _rule(r"Requested output format '(?P<name>[^']*)' is not (?:known|a suitable)",
          "ffmpeg knows no output format “{name}”.", "Check the -f before the output."),
    _rule(r"Unable to (?:choose an|find a suitable) output format for '(?P<file>[^']*)'",
          "ffmpeg cannot tell the format of “{file}” from its name.",
          "Give the output a usual extension such as .mp4, or write -f FORMAT before it."),
    _rule(r"Filtergraph '(?P<name>[^']*)' was (?:specified|defined).*copy",
          "The filter “{name}” cannot work on a stream that is copied.",
          "Choose an encoder (-c:v libx264), or leave the filter out."),
    _rule(r"Failed to set value '(?P<map>[^']*)' for option 'map'|"
          r"Stream map '(?P<stream>[^']+)' matches no streams",
          "The input has no stream “{map}{stream}”, which -map asks for.",
          "Put a ? behind it to take the stream only where there is one: -map 0:s?"),
    _rule(r"Invalid input file index: (?P<index>\d+)|Invalid file index (?P<other>\d+) in filtergraph",
          "The command uses input number {index}{other}, which it does not have.",
          "The first input has number 0."),
    _rule(r"Output with label '(?P<name>[^']*)' does not exist", "No filter makes an output called [{name}].",
          "Check the names in brackets of -filter_complex and -map; each can be used once."),
    _rule(r"Output file (?:#\d+ )?does not contain any stream",
          "The output would be empty: no stream of the input fits.",
          "Check -map, -vn, -an and -sn, and whether the format can hold such streams."),
    # Filters
    _rule(r"Error applying option '(?P<option>[^']*)' to filter '(?P<name>[^']*)': (?P<reason>.*)",
          "The filter “{name}” does not take “{option}” like that ({reason}).",
          "“ffmpeg -h filter={name}” lists its options."),
    _rule(r"\[Parsed_(?P<name>[a-z0-9]+)_\d+\] Option '(?P<option>[^']*)' not found",
          "The filter “{name}” has no option “{option}”.", "“ffmpeg -h filter={name}” lists its options."),
    _rule(r"\[Parsed_(?:subtitles|ass)_\d+\] .*(?:Unable to|Could not|Can't) open (?P<file>.+)",
          "The subtitle file “{file}” cannot be opened.",
          "Give its full path, escaped for filters: ${{INPUT_FILE|filter}}",
          RetryAdvice.OTHER_NODE),
    _rule(r"Cannot find a valid font|Could not load font|Error opening font|No font filename provided",
          "A font that the command draws with is missing on this node.",
          "Install it, or name a font file: fontfile=…",
          RetryAdvice.OTHER_NODE),
    _rule(r"\[Parsed_(?P<name>[a-z0-9]+)_\d+\] "
          r".*(?:Unable to|Could not|Can't|Failed to|Cannot) (?:open|read|load|avformat_open_input) "
          r"(?:(?:stats )?file )?'?(?P<file>(?:[A-Za-z]:)?[^:'\n]+)",
          "The filter “{name}” cannot open “{file}”.", "Give the full path of the file.", RetryAdvice.OTHER_NODE),
    _rule(r"\[Parsed_(?P<name>[a-z0-9]+)_\d+\] (?P<file>(?:[A-Za-z]:)?[^:\n]+): "
          r"(?:No such file or directory|Permission denied|Is a directory)$",
          "The filter “{name}” cannot open “{file}”.", "Give the full path of the file.", RetryAdvice.OTHER_NODE),
    _rule(r"Rescaled dimensions (?P<size>\S+) are invalid|"
          r"too big or non positive size(?: for width '| )(?P<other>[^',]*)|"
          r"Picture size (?P<picture>\S+) is invalid",
          "A filter makes a picture of an impossible size ({size}{other}{picture}).",
          "Check the numbers of scale, crop and pad."),
    _rule(r"Error parsing filterchain '(?P<filter>.*)' around|No option name near '(?P<near>[^']*)'|"
          r"Bad \(empty\?\) label found in the following: \"(?P<label>.*)\"|"
          r"Error parsing a filter description|Error binding filtergraph|unconnected|"
          r"Unable to parse graph description|"
          r"Cannot find a matching stream for unlabeled",
          "The filter “{filter}{near}{label}” is not written the way ffmpeg reads filters.",
          "A filter is name=option=value:option=value; commas part filters, and need a \\ inside values."),
    _rule(r"Impossible to convert between the formats supported by",
          "A filter and the encoder do not fit together.",
          "Hardware encoders need the frames on their device, such as -vf format=nv12,hwupload for VAAPI."),
    # Encoders and containers
    _rule(r"Value (?P<value>\S+) for parameter '(?P<name>[^']*)' out of range (?P<range>\[.*\])",
          "{value} is not possible for -{name}, only {range}.", "Choose a value in this range."),
    _rule(r"Error setting option (?P<name>\S+) to value (?P<value>.*?)\.?$|"
          r"Unable to parse \"(?P<other>[^\"]*)\" option value \"(?P<text>[^\"]*)\"",
          "“{value}{text}” is no value for -{name}{other}.", _VALUES_HINT),
    _rule(r"(?:width|height) not divisible by \d+ \((?P<size>\d+x\d+)\)|"
          r"(?P<bad>\d+x\d+).*must be (?:even|a multiple of 2)",
          "The picture has {size}{bad} points, but the encoder needs even numbers.",
          "Add -vf \"scale=trunc(iw/2)*2:trunc(ih/2)*2\", or -2 instead of -1 in scale."),
    _rule(r"invalid preset '(?P<name>[^']*)'", "The encoder has no preset “{name}”.", _VALUES_HINT),
    _rule(r"(?P<name>\S+) profile doesn't support|Error setting profile (?P<other>\S+?)\.?$|Unsupported profile",
          "The encoder cannot make the profile {name}{other} of these pictures.",
          "Add -pix_fmt yuv420p, or choose another profile."),
    _rule(r"Unknown pixel format requested: (?P<name>\S+?)\.?$|Specified pixel format (?P<other>\S+) is",
          "The pixel format “{name}{other}” is not possible here.", "Try -pix_fmt yuv420p"),
    _rule(r"Specified (?P<what>sample rate|channel layout|sample format) '?(?P<value>[^' ]+)"
          r".*not supported(?: by the (?P<name>\S+))?",
          "The encoder {name} cannot make sound with the {what} {value}.", "Try -ar 48000 -ac 2"),
    _rule(r"Invalid frame size: (?P<value>.*?)\.?$", "“{value}” is no picture size.",
          "Write WIDTHxHEIGHT, such as -s 1280x720"),
    _rule(r"CRF/CQP is incompatible with 2pass|ratecontrol_init|can't open stats file|Error reading log file",
          "The second pass cannot work.",
          "Both passes need the same -b:v (not -crf), the first one -pass 1 -f null, and one task."),
    _rule(r"Could not find tag for codec (?P<codec>\S+) in stream",
          "The format of the output cannot hold {codec}.",
          "Choose another codec, or another extension such as .mkv"),
    _rule(r"(?P<what>Only .* are supported for WebM)|[Tt]ag \S+ incompatible with output codec|"
          r"muxer (?:supports only|does not support)|Unsupported codec|Exactly one \S+ \S+ stream is required",
          "The format of the output cannot hold one of the codecs.",
          "Choose another codec, or another extension such as .mkv"),
    _rule(r"Cannot write more than one file with the same name",
          "A single picture was asked for, but there are more.",
          "Add -frames:v 1 for one picture, or a number to the name for all: picture_%04d.png"),
    _rule(r"Too many packets buffered for output stream", "One stream ran too far ahead of another.",
          "Add -max_muxing_queue_size 4096"),
    # Files beside the output
    _rule(r"Filename (?P<file>.+) is unsafe",
          "The input wants its attachment to be written to “{file}”, which ffmpeg refuses.",
          "Name the file yourself: -dump_attachment:t:0 FILE"),
    _rule(r"Could not open file (?P<file>.+) for writing|Cannot write log file '(?P<log>[^'\n]*)'|"
          r"Error opening stats file '(?P<stats>[^'\n]*)'|\[(?:hls|dash|segment|stream_segment)\] "
          r"Failed to open file '(?P<segment>[^'\n]*)'",
          "“{file}{log}{stats}{segment}”, which the command writes in addition to its output, cannot be written.",
          "Check that its folder exists here and may be written to.", RetryAdvice.OTHER_NODE),
    _rule(r"^fopen: ", "The file that -vstats_file names cannot be written.",
          "Check that its folder exists here and may be written to.", RetryAdvice.OTHER_NODE),
    _rule(r"Could not open attachment file (?P<file>.+?)\.?$", "The attachment “{file}” cannot be opened.",
          "Give the full path of the file.", RetryAdvice.OTHER_NODE),
    _rule(r"Error reading the value for option '(?P<name>[^']*)' from file: (?P<file>.+)",
          "The option -{name} reads “{file}”, which cannot be opened.", "Give the full path of the file.",
          RetryAdvice.OTHER_NODE),
    # Inputs, and what is on the network
    _rule(r"Unsafe file name '(?P<file>.*)'", "The list names “{file}”, which is outside its own folder.",
          "Add -safe 0 before -i if you trust the list."),
    _rule(r"Failed to resolve hostname (?P<host>\S+?):|getaddrinfo\((?P<other>[^,\n]+),",
          "The host “{host}{other}” is not known here.",
          "Check the address and the network.", RetryAdvice.LATER),
    _rule(r"Connection refused", "The server of {remote} does not answer (connection refused).",
          "Does it run, and on this port?",
          RetryAdvice.LATER),
    _rule(r"[Tt]imed out", "The server of {remote} did not answer in time.", "Check the network.",
          RetryAdvice.LATER),
    _rule(r"Network is unreachable|No route to host", "The server of {remote} cannot be reached.",
          "Check the network.", RetryAdvice.LATER),
    _rule(r"Server returned (?P<code>40\d[^\n]*|4XX[^\n]*)", "The server refuses {remote}: {code}.",
          "Check the address, and what you may do there."),
    _rule(r"Server returned (?P<code>5[^\n]*)", "The server of {remote} is in trouble: {code}.",
          "Try again later.", RetryAdvice.LATER),
    _rule(r"Connection to (?P<address>\S+) failed", "The server of {remote} does not answer.",
          "Does it run, and on this port?", RetryAdvice.LATER),
    _rule(r"certificate verify failed|TLS.*[Ff]ailed", "The server's certificate is not trusted.",
          "Check the address and the clock."),
    _rule(r"Protocol '(?P<name>[^']*)' not on whitelist[^\n]*\n(?:.*\n)*?.*Error opening output",
          "The output needs the protocol “{name}”, which the command does not allow.",
          "Add it to the -protocol_whitelist before the output."),
    _rule(r"Protocol '(?P<name>[^']*)' not on whitelist",
          "The input needs the protocol “{name}”, which is not allowed.",
          "If you trust the input, add “{name}” to the list of -protocol_whitelist before -i."),
    _rule(r"[Pp]rotocol not found", "This node's ffmpeg does not know that kind of address.",
          "A file whose name begins with word: needs file: in front.", RetryAdvice.OTHER_NODE),
    _rule(r"Error opening output (?!files?:)(?P<file>.+): (?:No such file or|Not a) directory|"
          r"^(?P<other>.*\.ffd-.*): No such file or directory$",
          "The folder of the output {output} does not exist.",
          "Is its disk or network share connected here?", RetryAdvice.OTHER_NODE),
    _rule(r"Error opening output (?!files?:).*: Permission denied|^.*\.ffd-.*: Permission denied$|"
          r"Error opening output (?!files?:).*: Operation not permitted",
          "{output} may not be written by this node's user.", "Change the folder's permissions.",
          RetryAdvice.OTHER_NODE),
    _rule(r"Impossible to open '(?P<file>.*)'", "The list names “{file}”, which cannot be opened.",
          "Write full paths into the list.",
          RetryAdvice.OTHER_NODE),
    _rule(r"Error opening input: No such file or directory|^(?!\[|Failed |Error ).+: No such file or directory$",
          "{input} does not exist on this node.",
          "Give full paths, and check that the disk or network share is connected here.", RetryAdvice.OTHER_NODE),
    _rule(r"Error opening input: Permission denied|^(?!\[|Failed |Error ).+: Permission denied$",
          "{input} may not be read by this node's user.", "Change its permissions.",
          RetryAdvice.OTHER_NODE),
    _rule(r"Error opening input: Is a directory|^(?!\[|Failed |Error ).+: Is a directory$", "{input} is a folder.",
          "Name a file in it."),
    _rule(r"misdetection possible!\n(?:.*\n)*?.*moov atom not found",
          "{input} is not a media file, or it is damaged.", "Does it play? If not, get the file again.",
          blames_input=True),
    _rule(r"moov atom not found", "{input} is incomplete: its index (moov) is missing.",
          _COPY_HINT, blames_input=True),
    _rule(r"EBML header parsing failed|Error opening input: Invalid data found|Error opening input: End of file|"
          r"^(?!\[|Error |Could not |Failed ).+: Invalid data found when processing input$",
          "{input} is not a media file, or it is damaged.", "Does it play? If not, get the file again.",
          blames_input=True),
    _rule(r"Could not find codec parameters for stream \d+ \((?:Video|Audio)|unspecified size",
          "ffmpeg cannot tell what {input} contains.",
          "Add -analyzeduration 100M -probesize 100M before -i, or get the file again.", blames_input=True),
    _rule(r"Decode error rate .* exceeds maximum|File ended prematurely|partial file|ends prematurely",
          "{input} is damaged or incomplete.", _COPY_HINT, blames_input=True),
    # Consequences
    _rule(r"Connection reset by peer|Broken pipe", "The connection broke.", "Check the network.",
          RetryAdvice.RETRY),
    _rule(r"Input/output error", "Reading or writing failed (input/output error).", CHECK_DISK, RetryAdvice.RETRY),
    _rule(r"Stale file handle|Transport endpoint is not connected", "The network share has gone away.",
          "Connect it again.",
          RetryAdvice.OTHER_NODE),
    _rule(r"received signal (?P<number>\d+)", "ffmpeg was told to stop from outside (signal {number}).",
          "Was the computer shut down?", RetryAdvice.RETRY),
    _rule(r"(?:\[enc:|\[)(?P<name>[a-z0-9_]+)\] Error while opening encoder|Error while opening encoder",
          "The encoder {name} refuses its settings.",
          "Check bit rate, picture size, frame rate and pixel format."),
    _rule(r"Error (?:writing trailer|closing file)", "ffmpeg could not finish writing the output.", CHECK_DISK,
          RetryAdvice.RETRY),
    _rule(r"Could not write header", "ffmpeg cannot begin the output with these codecs and settings.",
          "Choose another codec, or another extension such as .mkv"),
    _rule(r"non.?monoton\w+ (?:increasing )?dts", "The timestamps of the input jump back.",
          "Add -fflags +genpts before -i, or encode instead of copying."),
)  # fmt: skip
