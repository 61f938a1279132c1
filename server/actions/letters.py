"""What is said in mails, in both languages: a subject and a plain text each. No names, and no more than is needed."""

from __future__ import annotations

LETTERS: dict[str, dict[str, tuple[str, str]]] = {
    "invited": {
        "vi": (
            "Tài khoản Đồng Hành của bạn",
            "Xin chào,\n\nMột tài khoản trên máy chủ Đồng Hành đã được tạo cho địa chỉ này. Hãy mở đường dẫn sau để "
            "đặt mật khẩu và bắt đầu:\n\n{link}\n\nĐường dẫn có hiệu lực trong 24 giờ. Sau đó bạn có thể yêu cầu "
            "đường dẫn mới tại {ask}\n\nNếu bạn không chờ đợi thư này, hãy bỏ qua.",
        ),
        "en": (
            "Your account on Đồng Hành",
            "Hello,\n\nan account on a Đồng Hành server was made for this address. Open this link to set a password "
            "and begin:\n\n{link}\n\nThe link works for 24 hours. After that, ask for a new one at {ask}\n\n"
            "If you did not expect this mail, ignore it.",
        ),
    },
    "invited_with_password": {
        "vi": (
            "Tài khoản Đồng Hành của bạn",
            "Xin chào,\n\nMột tài khoản trên máy chủ Đồng Hành đã được tạo cho địa chỉ này, kèm mật khẩu do người tạo "
            "đặt. Đăng nhập tại {home}\n\nNếu bạn chưa nhận được hoặc không nhớ mật khẩu, hãy đặt mật khẩu mới tại "
            "{ask}\n\nNếu bạn không chờ đợi thư này, hãy bỏ qua.",
        ),
        "en": (
            "Your account on Đồng Hành",
            "Hello,\n\nan account on a Đồng Hành server was made for this address, with a password that was chosen for "
            "you. Sign in at {home}\n\nIf you were not told the password, or do not remember it, set a new one at {ask}"
            "\n\nIf you did not expect this mail, ignore it.",
        ),
    },
    "reset": {
        "vi": (
            "Đặt lại mật khẩu Đồng Hành",
            "Xin chào,\n\nCó người yêu cầu đặt lại mật khẩu cho địa chỉ này. Hãy mở đường dẫn sau để chọn mật khẩu mới:"
            "\n\n{link}\n\nĐường dẫn có hiệu lực trong 24 giờ và chỉ dùng được một lần.\n\nNếu không phải bạn yêu cầu, "
            "hãy bỏ qua thư này: mật khẩu của bạn không thay đổi.",
        ),
        "en": (
            "A new password on Đồng Hành",
            "Hello,\n\nsomebody asked for a new password for this address. Open this link to choose one:\n\n{link}\n\n"
            "The link works for 24 hours, and once.\n\nIf it was not you, ignore this mail: nothing has changed.",
        ),
    },
    "reset_deleted": {
        "vi": (
            "Đặt lại mật khẩu Đồng Hành",
            "Xin chào,\n\nCó người yêu cầu đặt lại mật khẩu cho địa chỉ này, nhưng tài khoản đã bị xóa. Nếu bạn vẫn "
            "cần tài khoản, hãy hỏi người quản trị máy chủ.\n\nNếu không phải bạn yêu cầu, hãy bỏ qua thư này.",
        ),
        "en": (
            "A new password on Đồng Hành",
            "Hello,\n\nsomebody asked for a new password for this address, but its account was deleted. If you still "
            "need one, ask the administrator of the server.\n\nIf it was not you, ignore this mail.",
        ),
    },
    "password_changed": {
        "vi": (
            "Mật khẩu Đồng Hành đã thay đổi",
            "Xin chào,\n\nMật khẩu tài khoản Đồng Hành của bạn vừa được thay đổi.\n\nNếu không phải bạn đổi, hãy báo "
            "ngay cho người quản trị máy chủ.",
        ),
        "en": (
            "Your password on Đồng Hành was changed",
            "Hello,\n\nthe password of your account on Đồng Hành has just been changed.\n\nIf it was not you, tell the "
            "administrator of the server at once.",
        ),
    },
    "email_changed": {
        "vi": (
            "Địa chỉ tài khoản Đồng Hành đã thay đổi",
            "Xin chào,\n\nTài khoản Đồng Hành của bạn vừa được chuyển từ địa chỉ này ({old}) sang địa chỉ {new}.\n\n"
            "Nếu bạn không chờ đợi việc này, hãy báo ngay cho người quản trị máy chủ.",
        ),
        "en": (
            "The address of your account on Đồng Hành was changed",
            "Hello,\n\nyour account on Đồng Hành has just been moved from this address ({old}) to {new}.\n\n"
            "If you did not expect that, tell the administrator of the server at once.",
        ),
    },
}
