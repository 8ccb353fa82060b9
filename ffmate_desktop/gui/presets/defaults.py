"""What is filled in for somebody who has chosen nothing yet."""

from uuid import UUID

FIRST_PRESET = UUID("670a976e-c727-5f7e-93e0-597360bd2519")
"""H.264 web 1080p: it plays everywhere."""

FIRST_PRESET_NAME = "H.264 web 1080p"
FIRST_COMMAND = "-i ${INPUT_FILE} -c:v libx264 -crf 20 -c:a aac ${OUTPUT_FILE}"
FIRST_NAME = "${INPUT_FILE_BASENAME}_new.mp4"
BESIDE = "${INPUT_FILE_DIR}"
